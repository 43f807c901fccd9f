"""Responses cached by the hash of their request: what ``lm_eval.api.model.CachingLM`` reads and writes.

lm-eval pickles them; here they are JSON in SQLite, so that opening somebody's file runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

from proctor.errors import DataError


def hash_args(attr: str, args: Iterable[Any]) -> str:
    """The key of a request, as lm-eval makes it: the method's name and the request's arguments."""
    text = json.dumps([attr, *args], default=_digest)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _digest(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return {"__bytes_sha256__": hashlib.sha256(bytes(value)).hexdigest()}
    raise TypeError(f"a request with a {type(value).__name__} has no key")


class ResponseFile(MutableMapping[str, Any]):
    """``key -> response``, on disk at once. Tuples come back as tuples."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        except (OSError, sqlite3.Error) as error:
            hint = "A file that lm-eval wrote has another form: choose another name."
            raise DataError(f"{self.path} cannot be used as a cache of responses: {error}.", hint=hint) from error

    def __getitem__(self, key: str) -> Any:
        row = self._db.execute("SELECT value FROM answers WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        value = json.loads(row[0])
        # JSON has no tuples, and models return (log-probability, is greedy).
        return tuple(value) if isinstance(value, list) else value

    def __setitem__(self, key: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, json.dumps(value, default=_number)))

    def __delitem__(self, key: str) -> None:
        self._db.execute("DELETE FROM answers WHERE key = ?", (key,))

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row in self._db.execute("SELECT key FROM answers"))

    def __len__(self) -> int:
        return int(self._db.execute("SELECT COUNT(*) FROM answers").fetchone()[0])

    def commit(self) -> None:
        """Nothing to do: every response is on disk when it is set."""

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _number(value: Any) -> Any:
    """Numbers of numpy and torch as Python's own."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a response of type {type(value).__name__} cannot be cached")
