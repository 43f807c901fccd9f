"""A stand-in of W&B's server that opens runs, and then refuses or hangs: what a run is uploaded to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from stand_in_handler import StandInHandler

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


class _Handler(StandInHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self):
        body = self.body()
        asked = json.loads(body) if self.path == "/graphql" else {"query": ""}
        if "upsertBucket" in asked["query"]:
            bucket = {**OPENED, "name": asked["variables"].get("name") or "r"}
            return self.reply_json({"data": {"upsertBucket": {"bucket": bucket, "inserted": True}}})
        if "viewer" in asked["query"]:
            return self.reply_json({"data": {"viewer": VIEWER}})
        if "serverInfo" in asked["query"]:
            return self.reply_json({"data": {"serverInfo": {"features": []}}})
        if self.server.hangs:
            self.server.ended.wait()
        elif self.path == "/graphql":
            self.reply_json({"data": None, "errors": [{"message": "permission denied"}]})
        else:
            self.reply_json({"error": "no"}, 403)
        return None

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
