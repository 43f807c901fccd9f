"""A stand-in of W&B's server that opens runs, and then refuses or hangs: what a run is uploaded to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ENTITY = {"id": "e", "name": "joe"}
OPENED = {
    "id": "r",
    "displayName": "run",
    "description": "",
    "config": "{}",
    "sweepName": None,
    "historyLineCount": 0,
    "project": {"id": "p", "name": "p", "entity": ENTITY},
}
VIEWER = {"id": "v", "entity": "joe", "username": "joe", "flags": "{}", "teams": {"edges": []}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _handle(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = json.loads(body) if self.path == "/graphql" else {"query": ""}
        if "upsertBucket" in asked["query"]:
            bucket = {**OPENED, "name": asked["variables"].get("name") or "r"}
            return self._reply({"data": {"upsertBucket": {"bucket": bucket, "inserted": True}}})
        if "viewer" in asked["query"]:
            return self._reply({"data": {"viewer": VIEWER}})
        if "serverInfo" in asked["query"]:
            return self._reply({"data": {"serverInfo": {"features": []}}})
        if self.server.hangs:
            self.server.ended.wait()
        elif self.path == "/graphql":
            self._reply({"data": None, "errors": [{"message": "permission denied"}]})
        else:
            self._reply({"error": "no"}, 403)
        return None

    def _reply(self, document, status=200):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _handle


@contextmanager
def wandb_stand_in(*, hangs: bool) -> Iterator[str]:
    """The address of a server until the end of the context; ``hangs``: it does not respond, instead of refusing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads, server.hangs, server.ended = True, hangs, threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
