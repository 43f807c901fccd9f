"""A stand-in of the Hugging Face hub on loopback: what ``huggingface_hub`` needs to make a repository and to commit."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from urllib.parse import urlsplit

from stand_in_handler import StandInHandler

OWNER = "joe"


class Hub(ThreadingHTTPServer):
    """Holds repositories: name -> path -> content; ``private``: name -> bool; ``requests``: method and path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.settings: dict[str, dict] = {}
        self.requests: list[tuple[str, str]] = []
        self.tokens: set[str | None] = set()
        self.proposed: dict[str, dict[str, bytes]] = {}
        self.refusal: int | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(StandInHandler):
    server: Hub

    def _handle(self):
        parts = urlsplit(self.path)
        body = self.body()
        self.server.requests.append((self.command, parts.path))
        self.server.tokens.add(self.headers.get("Authorization"))
        if self.server.refusal:
            return self.reply_json({"error": "You may not write here"}, self.server.refusal)
        words = parts.path.strip("/").split("/")
        if parts.path == "/api/whoami-v2":
            return self.reply_json({"type": "user", "name": OWNER, "auth": {"type": "access_token"}})
        if parts.path == "/api/validate-yaml":
            return self.reply_json({"errors": [], "warnings": []})
        if parts.path == "/api/repos/create":
            return self._create(json.loads(body))
        name, what = "/".join(words[2:4]), words[4:]
        if what[:1] == ["settings"]:
            self.server.settings[name] = json.loads(body)
            return self.reply_json({})
        if what[:1] == ["tree"]:
            files = self.server.repositories.get(name, {})
            return self.reply_json([{"type": "file", "path": path, "size": 1, "oid": "0" * 40} for path in files])
        if what[:1] == ["preupload"]:
            files = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                     for one in json.loads(body)["files"]]  # fmt: skip
            return self.reply_json({"files": files})
        if what[:1] == ["commit"]:
            return self._commit(name, body, proposed="create_pr=1" in parts.query)
        return self.reply_json({"error": f"no {self.command} {self.path}"}, 404)

    def _create(self, asked):
        name = f"{asked.get('organization') or OWNER}/{asked['name']}"
        self.server.repositories.setdefault(name, {})
        self.server.private[name] = bool(asked.get("private") or asked.get("visibility") == "private")
        self.reply_json({"url": f"{self.server.address}/datasets/{name}", "id": name, "name": name})

    def _commit(self, name, body, *, proposed):
        files = (self.server.proposed if proposed else self.server.repositories).setdefault(name, {})
        for line in body.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
        url = f"{self.server.address}/{name}/commit/{'0' * 40}"
        more = {"pullRequestUrl": f"{self.server.address}/{name}/discussions/1"} if proposed else {}
        self.reply_json({"success": True, "commitOid": "0" * 40, "commitUrl": url, **more})

    do_GET = do_POST = do_PUT = do_HEAD = _handle


@contextmanager
def hub_stand_in() -> Iterator[Hub]:
    """A hub until the end of the context."""
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
