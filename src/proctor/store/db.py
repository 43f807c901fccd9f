"""The file: a SQLite database in WAL mode that several processes may use at once.

``synchronous`` is NORMAL. What was committed outlives the process, however it dies; after a loss
of power the file is whole, and responses of the last moments may be missing: they are requested again.

A file that cannot be used is never deleted and never changed: it is left where it is (another
program's, a newer version's) or set aside under another name (torn, damaged).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from proctor.errors import UsageError

APPLICATION = 0x50524354
"""``PRAGMA application_id`` of a store: "PRCT"."""

BUSY_SECONDS = 30.0
SUFFIXES = (".sqlite", ".sqlite3", ".db")

MIGRATIONS = (
    """
    CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL,
        identity TEXT NOT NULL,
        facts TEXT
    );
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        started REAL NOT NULL,
        ended REAL,
        state TEXT NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        model INTEGER REFERENCES models (id),
        name TEXT NOT NULL,
        command TEXT NOT NULL,
        folder TEXT NOT NULL,
        config TEXT NOT NULL,
        results TEXT,
        asked INTEGER NOT NULL DEFAULT 0,
        found INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE answers (
        key BLOB PRIMARY KEY,
        value BLOB NOT NULL,
        run INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE answers RENAME TO responses;
    ALTER TABLE runs RENAME COLUMN asked TO requested;
    ALTER TABLE runs RENAME COLUMN found TO cached;
    """,
)
"""The n-th makes version n out of version n - 1 (``PRAGMA user_version``); none is ever changed."""

VERSION = len(MIGRATIONS)

_VIEWS = {
    1: """
    CREATE TEMP VIEW responses AS SELECT key, value, run FROM answers;
    CREATE TEMP VIEW runs AS SELECT id, started, ended, state, host, pid, model, name, command, folder, config,
        results, asked AS requested, found AS cached FROM main.runs;
    """,
}
"""By version: a store that may not be written, and so not migrated, under the names of today. A temporary view is
nothing of the file's, and stands before its tables."""


class UnusableStoreError(Exception):
    """Why a file cannot be a store for this run; ``damaged``: it is ours and broken."""

    def __init__(self, why: str, *, damaged: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.damaged = damaged


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a store that may be written; made and brought up to date where that is due.

    Args:
        path: The file.

    Raises:
        UnusableStoreError: It is another program's, a newer version's, or damaged.
        sqlite3.Error: SQLite cannot open it.
        OSError: Its folder cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    limit = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return _connect(path)
        except sqlite3.OperationalError as error:
            # SQLite does not wait where two make the file at once, or put it into WAL mode.
            if not is_busy(error) or time.monotonic() > limit:
                raise
            time.sleep(0.02)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # Before anything that writes: WAL mode stands in the file.
        _check_version(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA cache_size = -32768")
        _migrate(connection)
        connection.execute("SELECT key FROM responses LIMIT 1").fetchone()
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.DatabaseError) and _code(error) == sqlite3.SQLITE_NOTADB:
            raise _not_a_database(path) from error
        if isinstance(error, UnicodeDecodeError):
            raise UnusableStoreError("it is damaged", damaged=True) from error  # in the words of SQLite's own complaint
        raise
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection to a store that may not be written, on a disk or in a folder that is read-only.

    Args:
        path: The file.

    Raises:
        UnusableStoreError: It is another program's, a newer version's, or damaged.
        sqlite3.Error: SQLite cannot open it.
    """
    address = path.absolute().as_uri()
    error: sqlite3.Error | None = None
    # Without a writable folder WAL needs the promise that nobody else writes either.
    for options in ("?mode=ro", "?immutable=1"):
        connection = sqlite3.connect(address + options, uri=True, isolation_level=None, check_same_thread=False)
        try:
            connection.executescript(_VIEWS.get(_check_version(connection), ""))
            connection.execute("SELECT key FROM responses LIMIT 1").fetchone()
        except sqlite3.Error as failed:
            connection.close()
            error = failed
        except UnusableStoreError:
            connection.close()
            raise
        except UnicodeDecodeError as failed:
            connection.close()
            raise UnusableStoreError("it is damaged", damaged=True) from failed
        else:
            return connection
    raise error if error is not None else UnusableStoreError("it cannot be opened")


def _not_a_database(path: Path) -> Exception:
    """A file that is no database is set aside if its name says that it was meant to be one; else it is left alone.

    SQLite finds that out. Were the file opened and closed here, the locks that this process holds on
    it through SQLite would be gone.
    """
    if path.suffix in SUFFIXES:
        return UnusableStoreError("it is not a database", damaged=True)
    return UsageError(
        f"{path} is not a file of cached responses.", hint="Give --store another path; a new file is made there."
    )


def _check_version(connection: sqlite3.Connection) -> int:
    """The version of the schema; 0 for an empty file."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION and (tables or application or version):
        raise UnusableStoreError("it is a database of another program")
    if version > VERSION:
        raise UnusableStoreError(
            f"it was written by a newer version of proctor (format {version}, this one knows {VERSION})"
        )
    return version


def _migrate(connection: sqlite3.Connection) -> None:
    if _check_version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it meanwhile.
        for number in range(_check_version(connection), VERSION):
            for statement in MIGRATIONS[number].split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process holds the file just now.

    Args:
        error: An error of SQLite.
    """
    return _code(error) == sqlite3.SQLITE_BUSY


def _code(error: Exception) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is broken, and not that it is busy, full or closed to us.

    Args:
        error: An error of SQLite.
    """
    short = getattr(error, "sqlite_errorname", "") == "SQLITE_IOERR_SHORT_READ"
    return short or _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def sentence(error: Exception) -> str:
    """An error of SQLite or of the system in words.

    Args:
        error: The error.
    """
    said = {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_READONLY: "it may not be written",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened or made",
        sqlite3.SQLITE_BUSY: "another process keeps it locked",
        sqlite3.SQLITE_PROTOCOL: "its disk cannot lock files as SQLite needs (a network folder?)",
        sqlite3.SQLITE_CORRUPT: "it is damaged",
        sqlite3.SQLITE_NOTADB: "it is not a database",
    }
    if isinstance(error, UnusableStoreError):
        return error.why
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file stands where its folder should be"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return said.get(_code(error)) or str(error)


def set_aside(path: Path) -> Path:
    """Rename a damaged file, and what belongs to it.

    Args:
        path: The file.

    Returns:
        The new name.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target, number = path.with_name(f"{path.name}.broken-{stamp}"), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.broken-{stamp}-{number}")
    for tail in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{tail}", f"{target}{tail}")
    return target
