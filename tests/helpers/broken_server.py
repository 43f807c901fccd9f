"""Servers that are broken in one way each, from their first request or after some that another server answers."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from stand_in_handler import StandInHandler

PAGE = b"<!DOCTYPE html><html><title>Log in</title><body>" + b"<p>You are not logged in.</p>" * 200 + b"</body></html>"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Broken(ThreadingHTTPServer):
    """``mode``: a status, or one of ``hang``, ``html``, ``cut``; ``requests``: method and path."""

    daemon_threads = True

    def __init__(self, mode: str, upstream: str | None, after: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode, self.after = mode, after
        self.upstream = (upstream or "").removeprefix("http://")
        self.requests: list[tuple[str, str]] = []
        self.ended = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(StandInHandler):
    server: Broken
    protocol_version = "HTTP/1.1"

    def _handle(self):
        body = self.body()
        self.server.requests.append((self.command, self.path))
        if len(self.server.requests) <= self.server.after:
            return self._forward(body)
        mode = self.server.mode
        if mode == "hang":
            self.server.ended.wait()
            self.close_connection = True
        elif mode == "html":
            self._reply(200, "text/html", PAGE)
        elif mode == "cut":
            self._reply(200, "application/json", b'{"id": ', announced=5000)
            self.close_connection = True
        else:
            self._reply(int(mode), "application/json", b'{"message": "no", "error": "no"}')
        return None

    def _reply(self, status, kind, body, announced=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(body)

    def _forward(self, body):
        connection = http.client.HTTPConnection(self.server.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = do_DELETE = _handle


@contextmanager
def broken_server(mode: str, *, upstream: str | None = None, after: int = 0) -> Iterator[Broken]:
    """A server until the end of the context.

    Args:
        mode: How it is broken.
        upstream: A server that responds before that.
        after: To so many requests.
    """
    server = Broken(mode, upstream, after)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
