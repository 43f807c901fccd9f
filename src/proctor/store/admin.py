"""Looking after a store: what is in it, letting go of some, and carrying answers from one to another."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from proctor.errors import DataError
from proctor.files import not_a_file, open_regular, text_lines
from proctor.store.codec import FINISHES, Part, pack, unpack
from proctor.store.db import VERSION, UnusableStoreError, connect, connect_read_only, sentence
from proctor.store.runs import list_runs
from proctor.types import Choice, Text, Usage

MARK = "proctor_answers"
"""The key of the first line of an export; its value is the format's number."""
ROWS = 10_000


@dataclass(frozen=True, slots=True)
class StoredModel:
    """What a store holds of one model. ``last``: when its last run began."""

    digest: bytes | None
    name: str
    identity: Mapping[str, Any] | None
    runs: int
    answers: int
    size: int
    last: float


@contextmanager
def opened(path: Path, *, writable: bool = False) -> Iterator[sqlite3.Connection]:
    """A store that is there, as a context.

    Args:
        path: The file.
        writable: Whether it may be changed.

    Raises:
        DataError: There is none, or it cannot be used; also for errors of SQLite within the context.
    """
    if not os.path.isfile(path):
        if kind := not_a_file(path):
            raise DataError(f"The store {path} is {kind}, not a file.", hint="--store PATH names another.")
        raise DataError(f"There is no store at {path}.", hint="A run makes one; --store PATH names another.")
    try:
        connection = connect(path) if writable else connect_read_only(path)
        try:
            yield connection
        finally:
            connection.close()
    except (UnusableStoreError, sqlite3.Error, ArithmeticError, RecursionError, TypeError, ValueError) as error:
        # A damaged file says other things than it was told.
        raise DataError(f"The store {path} cannot be used: {sentence(error)}.") from error


def shelved(connection: sqlite3.Connection) -> list[StoredModel]:
    """What there is, model by model, the one that ran last at the end.

    Args:
        connection: A store.
    """
    counted = {
        run: (count, size)
        for run, count, size in connection.execute(
            "SELECT run, count(*), sum(length(key) + length(value)) FROM responses GROUP BY run"
        )
    }
    rows = connection.execute(
        "SELECT runs.id, started, runs.name, digest, models.name, identity FROM runs "
        "LEFT JOIN models ON models.id = runs.model ORDER BY started"
    )
    entries: dict[bytes | None, list[Any]] = {}
    for run, started, name, digest, model, identity in rows:
        entry = entries.setdefault(digest, [digest, model or name, identity, 0, 0, 0, started])
        count, size = counted.get(run, (0, 0))
        entry[3:] = [entry[3] + 1, entry[4] + count, entry[5] + size, started]
    ordered = sorted(entries.values(), key=lambda entry: entry[-1])
    return [
        StoredModel(entry[0], entry[1], json.loads(entry[2]) if entry[2] else None, *entry[3:]) for entry in ordered
    ]


def check(connection: sqlite3.Connection) -> str | None:
    """What SQLite finds wrong with the file, or None.

    Args:
        connection: A store.
    """
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if verdict == "ok" else str(verdict)


def prune(connection: sqlite3.Connection, *, digest: bytes | None, before: float | None) -> tuple[int, int]:
    """Delete runs and the responses that they stored; not of runs that go on now.

    Args:
        connection: A store that may be written.
        digest: Only runs of this model; None: of all.
        before: Only runs that began before this time, in seconds since 1970; None: at any time.

    Returns:
        The numbers of deleted runs and of deleted responses.
    """
    chosen = [
        (run.id,)
        for run in list_runs(connection)
        if run.state != "running"
        and (digest is None or run.digest == digest)
        and (before is None or run.started < before)
    ]
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO gone VALUES (?)", chosen)
    answers = connection.execute("DELETE FROM responses WHERE run IN (SELECT id FROM gone)").rowcount
    connection.execute("DELETE FROM runs WHERE id IN (SELECT id FROM gone)")
    connection.execute("DELETE FROM models WHERE id NOT IN (SELECT model FROM runs WHERE model IS NOT NULL)")
    connection.execute("DROP TABLE gone")
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    return len(chosen), answers


# -- from one store to another


def export(connection: sqlite3.Connection) -> Iterator[str]:
    """The responses as lines of JSON: a head, every model, then every response with its model's digest.

    Args:
        connection: A store.
    """
    yield json.dumps({MARK: VERSION})
    models = connection.execute("SELECT digest, name, identity, facts FROM models")
    for digest, name, identity, facts in models:
        known = {"identity": json.loads(identity), "facts": None if facts is None else json.loads(facts)}
        yield json.dumps({"model": digest.hex(), "name": name, **known})
    rows = connection.execute(
        "SELECT key, value, digest FROM responses JOIN runs ON runs.id = responses.run "
        "JOIN models ON models.id = runs.model ORDER BY key"
    )
    for key, value, digest in rows:
        try:
            part = unpack(key, value)
        except ValueError:
            continue
        yield json.dumps({"model": digest.hex(), "key": key.hex(), "answer": _plain(part)})


def merge(connection: sqlite3.Connection, source: Path) -> int:
    """Take over what another store, or an export, has and this one has not.

    Args:
        connection: A store that may be written.
        source: The other file.

    Returns:
        The number of responses that are new.

    Raises:
        DataError: There is no such file, or it is neither a store nor an export; nothing is taken over then.
    """
    if not os.path.isfile(source):
        kind = not_a_file(source)
        raise DataError(f"{source} is {kind}, not a file." if kind else f"There is no file {source}.")
    with open_regular(source) as file:
        first = file.readline(200)
    try:
        if MARK.encode() in first:
            return _take(connection, text_lines(source), source)
        with opened(source) as other:
            return _take(connection, export(other), source)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise DataError(f"{source} is neither a store nor an export of one: {error}") from error


def _take(connection: sqlite3.Connection, lines: Iterable[str], source: Path) -> int:
    runs: dict[str, int] = {}
    rows: list[tuple[bytes, bytes, int]] = []
    taken = 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        for line in lines:
            entry = json.loads(line)
            if "identity" in entry:
                runs[entry["model"]] = _merged_run(connection, entry, source)
            elif "key" in entry:
                key = bytes.fromhex(entry["key"])
                rows.append((key, pack(key, _part(entry["answer"])), runs[entry["model"]]))
            if len(rows) >= ROWS:
                taken += _insert(connection, rows)
        taken += _insert(connection, rows)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return taken


def _insert(connection: sqlite3.Connection, rows: list[tuple[bytes, bytes, int]]) -> int:
    count = connection.executemany("INSERT OR IGNORE INTO responses (key, value, run) VALUES (?, ?, ?)", rows).rowcount
    rows.clear()
    return max(count, 0)


def _merged_run(connection: sqlite3.Connection, entry: Mapping[str, Any], source: Path) -> int:
    """A run that stands for all that another store knew of one model."""
    digest, now = bytes.fromhex(entry["model"]), time.time()
    facts = None if entry["facts"] is None else json.dumps(entry["facts"])
    connection.execute(
        "INSERT INTO models (digest, name, identity, facts) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
        (digest, entry["name"], json.dumps(entry["identity"], sort_keys=True), facts),
    )
    made = connection.execute(
        "INSERT INTO runs (started, ended, state, host, pid, model, name, command, folder, config) "
        "SELECT ?, ?, 'finished', '', 0, id, ?, ?, '', '{}' FROM models WHERE digest = ?",
        (now, now, entry["name"], f"proctor cache merge {source.name}", digest),
    )
    return int(made.lastrowid or 0)


def _plain(part: Part) -> Any:
    """A part as JSON has it: a pair or three, a number, or a mapping of what is known of a text."""
    return part if not isinstance(part, Text | Choice) else asdict(part)


def _part(value: Any) -> Part:
    if isinstance(value, list):
        logprob, greedy, *tokens = value
        return (float(logprob), bool(greedy), int(tokens[0])) if tokens else (float(logprob), bool(greedy))
    if isinstance(value, Mapping):
        return _text(value)
    # An export of format 1 has a text as it is.
    return Text(value) if isinstance(value, str) else float(value)


def _text(value: Mapping[str, Any]) -> Text:
    text, finish, usage = value["text"], value["finish"], value["usage"]
    if not isinstance(text, str) or finish not in (None, *FINISHES):
        raise ValueError("a text is not as it was exported")
    return Text(text, finish, None if usage is None else Usage(**usage))
