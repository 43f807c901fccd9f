"""The store as a run sees it: responses found, responses kept, and never an error.

Whatever goes wrong with the file is said in one sentence, and the run goes on with what is left
of the store, or without it.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from proctor.store import runs
from proctor.store.db import UnusableStoreError, connect, connect_read_only, is_damage, sentence, set_aside
from proctor.store.writer import WAIT_SECONDS, Writer

log = logging.getLogger("proctor")

T = TypeVar("T")

LOOKED_UP = 500
"""Keys of one query to the database."""
_IN = ", ".join("?" * LOOKED_UP)


class Store:
    """An open store; made by :func:`open_store`.

    Attributes:
        path: The file.
        writable: Whether responses can be put.
        commits_at_once: Whether each response is committed as it arrives, since it was paid for.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self.commits_at_once = False
        self._connection: sqlite3.Connection | None = connection
        self._writer: Writer | None = None
        self._begun: runs.NewRun | None = None
        self._attempts: frozenset[int] = frozenset()
        self._run = 0

    # -- a run

    def begin(self, run: runs.NewRun) -> None:
        """Write down that a run begins; what is put from now on belongs to it.

        Args:
            run: The run, without secrets.
        """
        self._end_writer()
        self._begun = run
        self._attempts = self._try(lambda connection: runs.attempts(connection, run)) or frozenset()
        if self.writable:
            self._run = self._try(lambda connection: runs.begin(connection, run)) or 0

    def end(self, state: runs.State, counts: runs.Counts) -> None:
        """Write down how the run ended.

        Args:
            state: How it ended.
            counts: Requests that were sent to the model, and responses that were cached.
        """
        if self._run:
            self._try(lambda connection: runs.end(connection, self._run, state, counts))

    def recall_facts(self, digest: bytes) -> Mapping[str, Any] | None:
        """The facts of a model, from when it was last loaded; None where there are none.

        Args:
            digest: The model's, 32 bytes (:attr:`Keys.digest`).
        """
        return self._try(lambda connection: runs.recall_facts(connection, digest))

    def note_facts(self, digest: bytes, facts: Mapping[str, Any]) -> None:
        """Remember the facts of a loaded model.

        Args:
            digest: The model's, 32 bytes.
            facts: JSON-like values by name.
        """
        if self.writable:
            self._try(lambda connection: runs.note_facts(connection, digest, facts))

    # -- responses

    def get(self, keys: Sequence[bytes]) -> tuple[dict[bytes, bytes], set[bytes]]:
        """What is stored under some keys.

        Args:
            keys: Keys (:meth:`Keys.of`), in any order.

        Returns:
            Packed values by key; and the keys whose values earlier attempts at this run have stored.
        """
        cached: dict[bytes, bytes] = {}
        own: set[bytes] = set()
        ordered = sorted(set(keys))
        for start in range(0, len(ordered), LOOKED_UP):
            some = ordered[start : start + LOOKED_UP]
            some += [b""] * (LOOKED_UP - len(some))
            rows = self._try(lambda connection, some=some: _select(connection, some))
            if rows is None:
                break
            cached.update([(key, value) for key, value, _ in rows])
            if self._attempts:
                own.update([key for key, _, run in rows if run in self._attempts])
        return cached, own

    def put(self, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Store rows; they are committed within a moment. Without a run, or in a store only read, nothing happens.

        Args:
            rows: Keys and packed values (:func:`proctor.store.codec.pack`).
        """
        if not self.writable or not self._run:
            return
        if self._writer is None:
            self._writer = Writer(self.path, self._run, 0.0 if self.commits_at_once else WAIT_SECONDS)
        self._writer.put(rows)

    def flush(self) -> bool:
        """Commit what was put; whether all that this run put is kept."""
        return self.writable and (self._writer is None or self._writer.flush())

    def close(self) -> None:
        """Commit what was put, and close the file."""
        self._end_writer()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _end_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _try(self, action: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do something with the file; if that fails, say so and go on without it."""
        if self._connection is None:
            return None
        try:
            return action(self._connection)
        except sqlite3.Error as error:
            self._give_up(error)
            return None

    def _give_up(self, error: sqlite3.Error) -> None:
        self._end_writer()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection, self._run = None, 0
        if not is_damage(error) or not self.writable:
            self.writable = False
            log.warning("The store %s cannot be used: %s. The run goes on without it.", self.path, sentence(error))
            return
        self._connection = _renewed(self.path, sentence(error))
        self.writable = self._connection is not None
        if self._begun is not None and self.writable:
            self.begin(self._begun)


def _select(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[bytes, bytes, int]]:
    return connection.execute(f"SELECT key, value, run FROM responses WHERE key IN ({_IN})", keys).fetchall()


def open_store(path: Path) -> Store | None:
    """Open or make a store.

    Args:
        path: The file. A damaged one is set aside under another name, and a new one begins.

    Returns:
        The store, perhaps only to be read; None where there is no way. A warning says which and why.
    """
    try:
        return Store(path, connect(path), writable=True)
    except UnusableStoreError as error:
        if not error.damaged:
            log.warning("The store %s is not used: %s. The run goes on without a store.", path, error.why)
            return None
        fresh = _renewed(path, error.why)
        return None if fresh is None else Store(path, fresh, writable=True)
    except sqlite3.Error as error:
        if is_damage(error):
            fresh = _renewed(path, sentence(error))
            return None if fresh is None else Store(path, fresh, writable=True)
        return _open_read_only(path, error)
    except OSError as error:
        return _open_read_only(path, error)


def _renewed(path: Path, why: str) -> sqlite3.Connection | None:
    """Set a damaged file aside and begin a new one."""
    try:
        other = set_aside(path)
        log.warning("The store %s cannot be read (%s): it is set aside as %s, and a new one begins.", path, why, other)
        return connect(path)
    except (OSError, sqlite3.Error, UnusableStoreError) as error:
        log.warning("No new store can be made at %s: %s. The run goes on without one.", path, sentence(error))
        return None


def _open_read_only(path: Path, error: Exception) -> Store | None:
    if os.path.isfile(path):
        with suppress(sqlite3.Error, OSError, UnusableStoreError):
            store = Store(path, connect_read_only(path), writable=False)
            log.warning(
                "The store %s can be read, but not written (%s): the responses of this run are not stored.",
                path,
                sentence(error),
            )
            return store
    log.warning("The store %s cannot be opened: %s. The run goes on without it.", path, sentence(error))
    return None
