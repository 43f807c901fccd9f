"""What ran, when, with which model, how it ended, and where its results are."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["running", "finished", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run as it begins. All texts are free of secrets; ``config`` is what it takes to plan the run again."""

    started: float
    name: str
    command: str
    folder: str
    config: Mapping[str, Any]
    identity: Mapping[str, Any] | None
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the store knows it. ``state``: also "died", of a run whose process is gone without a word."""

    id: int
    started: float
    ended: float | None
    state: str
    name: str
    digest: bytes | None
    command: str
    folder: str
    config: Mapping[str, Any]
    results: str | None
    requested: int
    cached: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests were sent to the model, and how many responses were cached."""

    requested: int = 0
    cached: int = 0


def _utf8(text: str) -> str:
    r"""A text that SQLite takes: a byte of a path that is no UTF-8 stands as ``\udcff`` does."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def begin(connection: sqlite3.Connection, run: NewRun) -> int:
    """Write down that a run begins.

    Args:
        connection: A store that may be written.
        run: The run.

    Returns:
        Its number.
    """
    model = None
    if run.digest is not None:
        identity = json.dumps(run.identity, sort_keys=True)
        connection.execute(
            "INSERT INTO models (digest, name, identity) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
            (run.digest, _utf8(run.name), identity),
        )
        model = connection.execute("SELECT id FROM models WHERE digest = ?", (run.digest,)).fetchone()[0]
    made = connection.execute(
        "INSERT INTO runs (started, state, host, pid, model, name, command, folder, config) "
        "VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?)",
        (
            *(run.started, socket.gethostname(), os.getpid(), model),
            *(_utf8(run.name), _utf8(run.command), _utf8(run.folder), json.dumps(run.config)),
        ),
    )
    return int(made.lastrowid or 0)


def attempts(connection: sqlite3.Connection, run: NewRun) -> frozenset[int]:
    """The runs before this one that were the same run (model, settings, folder), and have not finished.

    Args:
        connection: A store.
        run: A run that is about to begin.
    """
    rows = connection.execute(
        "SELECT runs.id FROM runs JOIN models ON models.id = runs.model "
        "WHERE digest = ? AND config = ? AND folder = ? AND state != 'finished'",
        (run.digest, json.dumps(run.config), _utf8(run.folder)),
    )
    return frozenset(number for (number,) in rows)


def end(connection: sqlite3.Connection, number: int, state: State, counts: Counts) -> None:
    """Write down how a run ended.

    Args:
        connection: A store that may be written.
        number: The run's number.
        state: How it ended.
        counts: Requests that were sent, and responses that were cached.
    """
    connection.execute(
        "UPDATE runs SET ended = ?, state = ?, requested = ?, cached = ? WHERE id = ?",
        (time.time(), state, counts.requested, counts.cached, number),
    )


def note_results(connection: sqlite3.Connection, started: float, results: str) -> None:
    """Write down where the results of this process's run are.

    Args:
        connection: A store that may be written.
        started: When the run began, in seconds since 1970; with host and process it names the run.
        results: The path of the results file.
    """
    connection.execute(
        "UPDATE runs SET results = ? WHERE started = ? AND host = ? AND pid = ?",
        (_utf8(results), started, socket.gethostname(), os.getpid()),
    )


def list_runs(connection: sqlite3.Connection) -> list[Run]:
    """All runs, oldest first.

    Args:
        connection: A store.
    """
    rows = connection.execute(
        "SELECT runs.id, started, ended, state, host, pid, runs.name, digest, command, folder, config, results, "
        "requested, cached FROM runs LEFT JOIN models ON models.id = runs.model ORDER BY runs.id"
    )
    return [_run(*row) for row in rows]


def _run(
    number: int, started: float, ended: float | None, state: str, host: str, pid: int, *rest: Any
) -> Run:  # the columns of the query above
    name, digest, command, folder, config, results, requested, cached = rest
    if state == "running" and host == socket.gethostname() and not _is_alive(pid):
        state = "died"
    settings = json.loads(config)
    return Run(number, started, ended, state, name, digest, command, folder, settings, results, requested, cached)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def recall_facts(connection: sqlite3.Connection, digest: bytes) -> Mapping[str, Any] | None:
    """The facts of a model, from when it was last loaded; None where there are none.

    Args:
        connection: A store.
        digest: The model's, 32 bytes.
    """
    row = connection.execute("SELECT facts FROM models WHERE digest = ?", (digest,)).fetchone()
    return None if row is None or row[0] is None else json.loads(row[0])


def note_facts(connection: sqlite3.Connection, digest: bytes, facts: Mapping[str, Any]) -> None:
    """Remember the facts of a loaded model.

    Args:
        connection: A store that may be written.
        digest: The model's, 32 bytes; it must be in the store.
        facts: JSON-like values by name.
    """
    connection.execute("UPDATE models SET facts = ? WHERE digest = ?", (json.dumps(facts), digest))


def model_of(connection: sqlite3.Connection, digest: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A model's identity, and its facts from when it was last loaded; both empty where the model is not in the store.

    Args:
        connection: A store.
        digest: The model's, 32 bytes.
    """
    row = connection.execute("SELECT identity, facts FROM models WHERE digest = ?", (digest,)).fetchone()
    return ({}, {}) if row is None else (json.loads(row[0]), json.loads(row[1] or "{}"))
