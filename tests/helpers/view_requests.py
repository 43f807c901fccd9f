"""Requests to a server of ``proctor view``, with its cookie."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from proctor.view.catalog import Catalog
from proctor.view.index_file import IndexFile
from proctor.view.server import ViewServer


@contextmanager
def serving(folder: Path, index: Path, language: str = "en") -> Iterator[ViewServer]:
    """A server of a folder's runs, in a thread."""
    with ViewServer(Catalog([str(folder)]), IndexFile(index), "127.0.0.1", 0, language) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: ViewServer, path: str, *, method: str = "GET", cookie: bool = True, body: str | None = None, **headers: str
) -> tuple[Any, str]:
    """A response and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    sent = {"Cookie": f"{server.cookie}={server.token}"} if cookie else {}
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, path, body=body, headers={**sent, **named})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def post(server: ViewServer, route: str, value: Any, **headers: Any) -> tuple[Any, Any]:
    """A response to what a page of the server writes down, and its JSON; None in ``headers`` leaves one out."""
    body = value if isinstance(value, str) else json.dumps(value)
    own = {"Content_Type": "application/json", "X_Proctor_View": "1", **headers}
    named = {key: one for key, one in own.items() if one is not None}
    response, text = ask(server, f"/api/{route}", method="POST", body=body, **named)
    return response, json.loads(text)


def ids_of(server: ViewServer) -> list[str]:
    """What addresses call the runs, the newest first."""
    return [one["id"] for one in json.loads(ask(server, "/api/runs")[1])["runs"]]
