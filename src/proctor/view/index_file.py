"""The index of the samples below some paths: one SQLite file in the cache folder, made again whenever it is needed."""

# What stands in it
# -----------------
#   files        a samples file as it was when it was read: its run, its task, size and time of change
#   rows         a sample: where it lies in its file, what was scored and picked, how surely
#   documents    question and options, once however many runs asked them, and folded for the search
#
# What a model wrote is not in it, nor prompts: a sample is read from its file, by its offset. Numbers of a choice are
# the bytes of a report's columns, so that a page over the server and a report show the same.
#
# The text is searched with ``instr`` over folded text: SQLite's index of trigrams finds no word of two syllables, which
# most Korean nouns are.
#
# A file that is read again has another number than before, so that numbers of files say whether anything changed; no
# number of a document is given twice, so that what was looked up earlier is never another text.
#
# One process writes a file's rows in one transaction, so that readers see a file whole or not at all (WAL). Whoever
# finds an index that cannot be used, or of another version, makes a new one: nothing in it is worth more than the time.

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from proctor.errors import OutputError
from proctor.folders import cache_folder

VERSION = 2
_SCHEMA = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, task TEXT NOT NULL, path TEXT NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, metrics TEXT NOT NULL, labels TEXT NOT NULL, problem TEXT,
    UNIQUE (run, task));
CREATE TABLE rows (
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, doc INTEGER NOT NULL, nth INTEGER NOT NULL, filter INTEGER NOT NULL,
    number INTEGER NOT NULL, offset INTEGER, length INTEGER NOT NULL, state INTEGER NOT NULL, score REAL, scores BLOB,
    gold INTEGER NOT NULL, golds TEXT, picked INTEGER NOT NULL, p REAL, p_gold REAL, margin REAL,
    best INTEGER NOT NULL, steps BLOB NOT NULL, hash TEXT NOT NULL, document INTEGER NOT NULL);
CREATE INDEX rows_of_file ON rows (file, filter);
CREATE INDEX rows_of_document ON rows (file, hash, nth);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, question TEXT NOT NULL, folded TEXT NOT NULL);
"""
_FOR_SPEED = (
    "PRAGMA page_size = 16384",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = OFF",
    "PRAGMA busy_timeout = 30000",
)


def index_path(paths: Sequence[str]) -> Path:
    """Where the index of some paths is.

    Args:
        paths: Folders, files, or numbers of runs, as the command line has them.
    """
    places = sorted(os.path.abspath(os.path.expanduser(path)) for path in paths)
    name = hashlib.sha256("\n".join(places).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_folder() / "view" / f"{name}.sqlite"


class IndexFile:
    """An index on disk.

    Args:
        path: Its file; it is made where it is not there or cannot be used.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not self._is_usable():
                self._make()
        except (OSError, sqlite3.Error) as error:
            raise OutputError(
                f"The index of the samples cannot be written to {path}: {error}.",
                hint="PROCTOR_CACHE names another folder.",
            ) from error

    def _is_usable(self) -> bool:
        if not self.path.is_file():
            return False
        try:
            with self.connection() as connection:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                connection.execute("SELECT count(*) FROM files, documents LIMIT 1").fetchone()
                return bool(version == VERSION)
        except sqlite3.Error:
            return False

    def _make(self) -> None:
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.path}{end}")
        # Questions of an exam are nobody else's business.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        with self.connection() as connection:
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of one thread; nothing is committed that its block does not commit."""
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            for statement in _FOR_SPEED:
                connection.execute(statement)
            yield connection
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are there all at once, or not at all."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
