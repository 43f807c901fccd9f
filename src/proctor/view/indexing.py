"""Fills the index in the background: what is new or has changed is read, what has gone is taken out."""

# Invariants
# ----------
#   a file's rows are all of one state of it: they are written in one transaction, under the size and time that the
#     file had before it was read; where it changed meanwhile, it is read again the next time
#   a changed file replaces its own rows, no others
#   a file that cannot be read has no rows, and its reason; it is not tried again before it changes
#
# The worker is a thread of the server. Whoever needs a run first (:meth:`Indexer.prefer`) gets it first.

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from proctor.errors import ProctorError, error_line
from proctor.results.stored_run import StoredRun
from proctor.view.catalog import Catalog, Entry
from proctor.view.index_file import IndexFile
from proctor.view.index_rows import COLUMNS, FileRows, IndexRow

log = logging.getLogger("proctor")

_BATCH = 500
"""Rows that are written at a time; at most as many as an SQLite statement may have places for values (999)."""
_INSERT = f"INSERT INTO rows (file, document, {', '.join(COLUMNS)}) VALUES (?, ?{', ?' * len(COLUMNS)})"


class _EndedError(Exception):
    """The server ends while a file is read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A samples file as the catalog has it now.

    Attributes:
        run: What addresses call its run.
        task: Its task.
        path: Where it is.
        size: Its bytes; -1: it is gone.
        mtime: When it changed last, in nanoseconds.
    """

    run: str
    task: str
    path: str
    size: int
    mtime: int


def source_of(run: str, task: str, file: Path) -> Source:
    """A samples file as it is now.

    Args:
        run: What addresses call its run.
        task: Its task.
        file: The file.
    """
    try:
        state = file.stat()
    except OSError:
        return Source(run, task, str(file), -1, 0)
    return Source(run, task, str(file), state.st_size, state.st_mtime_ns)


class Indexer:
    """Keeps an index in step with a catalog.

    Args:
        catalog: The runs.
        index: Where their samples are found.
    """

    def __init__(self, catalog: Catalog, index: IndexFile) -> None:
        self._catalog, self._index = catalog, index
        self._writing = threading.Lock()
        self._wanted = threading.Event()
        self._ended = threading.Event()
        self._preferred: tuple[str, ...] = ()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work in the background."""
        self._wanted.set()
        self._thread = threading.Thread(target=self._work, name="index", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; a file that is being read is given up."""
        self._ended.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def prefer(self, runs: Sequence[str]) -> None:
        """Look for changes, first in these runs.

        Args:
            runs: What addresses call them.
        """
        self._preferred = tuple(runs)
        self._wanted.set()

    def _work(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait()
            self._wanted.clear()
            try:
                self.update()
            except _EndedError:
                return
            except (ProctorError, sqlite3.Error, OSError) as error:
                log.warning("The index of the samples was not brought up to date: %s", error)

    def update(self) -> None:
        """Bring the index up to date, file by file."""
        self._forget()
        for entry, source in self._pending(self._catalog.entries()):
            if self._ended.is_set():
                return
            self.read(entry.run, source)

    def _pending(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Source]]:
        """What has to be read, the preferred runs first: looked up again for each file, as preferences change."""
        done = set[Source]()
        while True:
            first = self._preferred
            for entry in sorted(entries, key=lambda one: one.id not in first):
                source = next((one for one in self.missing(entry) if one not in done), None)
                if source is not None:
                    done.add(source)
                    yield entry, source
                    break
            else:
                return

    def missing(self, entry: Entry) -> list[Source]:
        """The samples files of a run that the index does not have as they are now.

        Args:
            entry: The run.
        """
        there = [source_of(entry.id, task, file) for task, file in entry.run.samples_files.items()]
        with self._index.connection() as connection:
            rows = connection.execute("SELECT run, task, path, size, mtime FROM files WHERE run = ?", (entry.id,))
            known = {Source(*row) for row in rows}
        return [one for one in there if one not in known and one.size >= 0]

    def read(self, run: StoredRun, source: Source) -> None:
        """Read a samples file, and put its rows in the place of those that it had.

        Args:
            run: Its run.
            source: The file as it is now.
        """
        rows = FileRows(run, source.task, Path(source.path))
        with self._writing, self._index.transaction() as connection:
            number = _replace(connection, source)
            try:
                self._insert(connection, number, source.task, rows.rows())
            except (_EndedError, sqlite3.Error, OSError):
                raise
            except Exception as error:
                # What nobody foresaw is this file's problem, too: the files behind it are still read.
                problem = (
                    error.message if isinstance(error, ProctorError) else f"It cannot be read: {error_line(error)}"
                )
                log.debug("Where %s failed:", source.path, exc_info=True)
                connection.execute("DELETE FROM rows WHERE file = ?", (number,))
                connection.execute("UPDATE files SET problem = ? WHERE id = ?", (problem, number))
                return
            values = (rows.metrics(), json.dumps(rows.labels), number)
            connection.execute("UPDATE files SET metrics = ?, labels = ? WHERE id = ?", values)

    def _insert(self, connection: sqlite3.Connection, file: int, task: str, rows: Iterator[IndexRow]) -> None:
        while batch := list(islice(rows, _BATCH)):
            if self._ended.is_set():
                raise _EndedError
            documents = _documents(connection, task, batch)
            values = ((file, document, *row.values) for row, document in zip(batch, documents, strict=True))
            connection.executemany(_INSERT, values)

    def _forget(self) -> None:
        """Take out the files that are no more, and documents that no row has."""
        there = {(entry.id, task) for entry in self._catalog.entries() for task in entry.run.samples_files}
        with self._index.connection() as connection:
            known = connection.execute("SELECT id, run, task FROM files").fetchall()
        gone = [number for number, run, task in known if (run, task) not in there]
        if gone:
            with self._writing, self._index.transaction() as connection:
                for number in gone:
                    connection.execute("DELETE FROM rows WHERE file = ?", (number,))
                    connection.execute("DELETE FROM files WHERE id = ?", (number,))
                connection.execute("DELETE FROM documents WHERE id NOT IN (SELECT document FROM rows)")


def _replace(connection: sqlite3.Connection, source: Source) -> int:
    """The number of a file that has no rows any more."""
    found = connection.execute("SELECT id FROM files WHERE run = ? AND task = ?", (source.run, source.task)).fetchone()
    if found is not None:
        connection.execute("DELETE FROM rows WHERE file = ?", found)
        connection.execute("DELETE FROM files WHERE id = ?", found)
    made = connection.execute(
        "INSERT INTO files (run, task, path, size, mtime, metrics, labels) VALUES (?, ?, ?, ?, ?, '{}', '[]')",
        (source.run, source.task, source.path, source.size, source.mtime),
    )
    assert made.lastrowid is not None
    return made.lastrowid


def _documents(connection: sqlite3.Connection, task: str, rows: Sequence[IndexRow]) -> list[int]:
    """The number of each row's document; those that are new are added."""
    keys = [row.words.key(task) for row in rows]
    places = ", ".join("?" * len(keys))
    known: dict[bytes, int] = dict(
        connection.execute(f"SELECT key, id FROM documents WHERE key IN ({places})", keys).fetchall()
    )
    new = {key: row.words for key, row in zip(keys, rows, strict=True) if key not in known}
    if new:
        # The highest number that any document ever had: none is given twice.
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'documents'").fetchone()
        known |= {key: number for number, key in enumerate(new, (last[0] if last else 0) + 1)}
        values = ((known[key], key, _as_utf8(one.question), _as_utf8(one.folded)) for key, one in new.items())
        connection.executemany("INSERT INTO documents (id, key, question, folded) VALUES (?, ?, ?, ?)", values)
    return [known[key] for key in keys]


def _as_utf8(text: str) -> str:
    # Half a surrogate pair, which JSON can hold, is no UTF-8.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
