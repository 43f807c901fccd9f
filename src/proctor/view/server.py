"""The server of ``proctor view``: pages for the browser of whoever started it, and for nobody else."""

# Who may read
# ------------
# Documents of an exam, and what a model wrote, are nobody else's business, and every page that a browser has open can
# send requests to 127.0.0.1. So:
#
#   address    the loopback interface, unless another is named and the danger is acknowledged
#   token      drawn at the start and in the first address; it becomes a cookie (HttpOnly, SameSite=Strict), without
#              which nothing is answered. Requests that another site makes a browser send have no such cookie.
#   Host       must be this server's: a name of somebody's that leads to 127.0.0.1 (DNS rebinding) is none
#   Origin     where a browser names it, must be this server's
#   headers    no framing, no sniffing, no referrer, nothing cached; the page's own policy allows no other address
#   methods    GET and HEAD change nothing. POST writes down a note or a flag, and nothing else: JSON of at most 64 kB,
#              with a header that no form can send, and that a page of another site may send only if this server let it
#
# No path of a request is ever a path of a file: runs are found by names that the catalog gave them.

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from proctor.errors import OutputError, ProctorError, error_line
from proctor.html_report.language import Language
from proctor.results.encode import dumps
from proctor.view.accept_language import preferred_language
from proctor.view.api import Api
from proctor.view.catalog import Catalog
from proctor.view.index_file import IndexFile
from proctor.view.indexing import Indexer
from proctor.view.list_page import list_page, problem_page, view_language
from proctor.view.questions_page import questions_page

log = logging.getLogger("proctor")

OWN_HEADER = "X-Proctor-View"
"""Of requests that write."""
LARGEST_POST = 65_536
"""Bytes."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
_HTML, _JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"


class ViewServer(ThreadingHTTPServer):
    """A server of one catalog.

    Args:
        catalog: The runs.
        index: Where their samples are found.
        host: The address on which it listens.
        port: The port; 0: any that is free.
        language: "en" or "ko"; None: the browser's, else the locale's.
        follow: Whether the list shows changes while it is looked at.

    Raises:
        OutputError: It cannot listen there.
    """

    daemon_threads = True
    # Another program that listens on the same port must be an error, and not a coin that is tossed.
    allow_reuse_address = False

    def __init__(
        self,
        catalog: Catalog,
        index: IndexFile,
        host: str,
        port: int,
        language: str | None = None,
        *,
        follow: bool = False,
    ) -> None:
        self.catalog, self.follow = catalog, follow
        self.language = language
        self.token = secrets.token_urlsafe(24)
        self.indexer = Indexer(catalog, index)
        self.api = Api(catalog, index, self.indexer)
        try:
            super().__init__((host, port), Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(
                f"Nothing can listen on {host} port {port}: {reason}.", hint="--port 0 takes a free one."
            ) from error
        self.port = int(self.server_address[1])
        own = {host, *LOOPBACK} if host in LOOPBACK else {host}
        self.hosts = frozenset(f"{f'[{one}]' if ':' in one else one}:{self.port}" for one in own)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no news; anything else is a line of the log, and never a traceback."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            log.warning("A request to view was given up: %s", error_line(error))
        log.debug("Where it was given up:", exc_info=True)

    def server_close(self) -> None:
        """End the reading of files, too."""
        super().server_close()
        self.indexer.stop()

    @property
    def address(self) -> str:
        """The address to open, with the token."""
        host = str(self.server_address[0])
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/?token={self.token}"

    @property
    def cookie(self) -> str:
        """The name of the cookie: servers on other ports have others."""
        return f"proctor_view_{self.port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: ViewServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    server_version = "proctor"
    sys_version = ""
    timeout = 60
    path: str = ""
    routes: ClassVar[Mapping[str, Callable[[Handler, Mapping[str, list[str]]], None]]]

    def do_GET(self) -> None:
        """Answer, if the request is of whoever has the token."""
        try:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, max_num_fields=1000)
        except ValueError as error:
            self._problem(HTTPStatus.BAD_REQUEST, f"The address cannot be read: {error}.")
            return
        refusal = self._refusal(parts.path, query)
        if refusal is not None:
            self._problem(HTTPStatus.FORBIDDEN, refusal)
        elif parts.path == "/" and "token" in query:
            self._let_in()
        elif parts.path in self.routes:
            self._respond(self.routes[parts.path], query)
        elif parts.path.startswith("/api/"):
            self._respond(Handler._api, query)
        else:
            self._problem(HTTPStatus.NOT_FOUND, "There is no such page.")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Write down a note or a flag, if the request is of a page of this server, or of a script with its cookie."""
        path = self._path
        refusal = self._refusal("", {})
        if refusal is None and self.headers.get(OWN_HEADER) is None:
            refusal = f"The request lacks the header {OWN_HEADER}."
        if refusal is not None:
            self._refuse(HTTPStatus.FORBIDDEN, refusal)
        elif path not in self.server.api.posts:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such address to write to.")
        elif self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Only JSON is taken (Content-Type: application/json).")
        elif (
            not (length := self.headers.get("Content-Length", "")).isascii()
            or not length.isdecimal()
            or "Transfer-Encoding" in self.headers
        ):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "The request does not say how long it is (Content-Length).")
        elif len(length) > 9 or int(length) > LARGEST_POST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"That is more than {LARGEST_POST:,} bytes.")
        else:
            self._accept(self.server.api.posts[path], self.rfile.read(int(length)))

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        # The body was not read: it must not be taken for the next request of this connection.
        self.close_connection = True
        self._problem(status, sentence)

    def _accept(self, post: Callable[[Mapping[str, Any]], Any], body: bytes) -> None:
        try:
            value = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self._problem(HTTPStatus.BAD_REQUEST, "That is no JSON object.")
            return
        try:
            said = json.dumps(post(value), ensure_ascii=False)
        except OutputError as error:
            self._problem(HTTPStatus.INTERNAL_SERVER_ERROR, error.message, error.hint)
        except ProctorError as error:
            self._problem(HTTPStatus.BAD_REQUEST, error.message, error.hint)
        else:
            self._send(HTTPStatus.OK, _JSON, said)

    def _refusal(self, path: str, query: Mapping[str, list[str]]) -> str | None:
        if len(named := self.headers.get_all("Host", [])) != 1 or named[0] not in self.server.hosts:
            return "The request is for another host than this server."
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self.server.hosts}:
            return "The request comes from a page of another site."
        given = query.get("token", [""])[0] if path == "/" and "token" in query else self._cookie_token()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.server.token.encode()):
            return "The address lacks the token: open the one that 'proctor view' printed."
        return None

    def _cookie_token(self) -> str:
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(self.server.cookie)
        except CookieError:
            return ""
        return "" if found is None else found.value

    def _let_in(self) -> None:
        # The token leaves the address, where it would be seen and copied.
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Set-Cookie", f"{self.server.cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/")
        self._end(b"")

    def _respond(
        self, route: Callable[[Handler, Mapping[str, list[str]]], None], query: Mapping[str, list[str]]
    ) -> None:
        try:
            route(self, query)
        except ProctorError as error:
            self._problem(HTTPStatus.NOT_FOUND, error.message, error.hint)
        except (ConnectionError, TimeoutError):  # whoever sent the request does not read what it gets
            raise
        except Exception as error:
            log.warning("view: %s cannot be answered: %s", self._path, error_line(error))
            log.debug("Where it failed:", exc_info=True)
            hint = "This is a mistake of proctor's. LMEVAL_LOG_LEVEL=DEBUG shows where it is."
            self._problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"That failed: {error_line(error)}", hint)

    def _list(self, query: Mapping[str, list[str]]) -> None:
        entries, statuses = (catalog := self.server.catalog).entries(), catalog.statuses()
        notes, unread = self.server.api.notes()
        group = query.get("group", [""])[0]
        problems, follow = (*catalog.unread, *unread), self.server.follow
        self._send_new(_HTML, list_page(entries, problems, self._language, statuses, notes, group, follow=follow))

    def _report(self, query: Mapping[str, list[str]]) -> None:
        text = self.server.catalog.report(query.get("run", []), self._language.code)
        self._send(HTTPStatus.OK, _HTML, text)

    def _questions(self, query: Mapping[str, list[str]]) -> None:
        runs = self.server.catalog.chosen(query.get("run", []))
        self.server.indexer.prefer(query["run"])
        self._send(HTTPStatus.OK, _HTML, questions_page(runs, query["run"], self._language))

    def _flags(self, query: Mapping[str, list[str]]) -> None:
        lines = self.server.api.annotations.flags()
        self._send(HTTPStatus.OK, "application/jsonl; charset=utf-8", "".join(f"{dumps(line)}\n" for line in lines))

    def _api(self, query: Mapping[str, list[str]]) -> None:
        value = self.server.api.answer(self._path, query)
        if value is None:
            self._problem(HTTPStatus.NOT_FOUND, "There is no such address of the API.")
            return
        self._send_new(_JSON, json.dumps(value, ensure_ascii=False, allow_nan=False))

    def _send_new(self, kind: str, text: str) -> None:
        """Send what whoever asks does not have yet, by its mark."""
        tag = f'"{hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", tag)
            self._end(b"")
        else:
            self._send(HTTPStatus.OK, kind, text, tag=tag)

    def _problem(self, status: HTTPStatus, sentence: str, hint: str | None = None) -> None:
        if self._path.startswith("/api/"):
            self._send(status, _JSON, json.dumps({"error": sentence, "hint": hint}, ensure_ascii=False))
        else:
            self._send(status, _HTML, problem_page(sentence, hint, self._language))

    def _send(self, status: HTTPStatus, kind: str, text: str, *, tag: str | None = None) -> None:
        data = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if tag is not None:
            self.send_header("ETag", tag)
        self._end(data)

    def _end(self, data: bytes) -> None:
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    @property
    def _language(self) -> Language:
        """That of the command, else the browser's, else the locale's."""
        return view_language(self.server.language or preferred_language(self.headers.get("Accept-Language", "")))

    @property
    def _path(self) -> str:
        """The path of the address; "" where that is none."""
        try:
            return urlsplit(self.path).path
        except ValueError:
            return ""

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news; they are in the log at its most talkative, without addresses that hold the token."""
        log.debug("view: %s %s", self.command, self._path)


Handler.routes = {
    "/": Handler._list,
    "/report": Handler._report,
    "/questions": Handler._questions,
    "/flags.jsonl": Handler._flags,
}
