"""Pages of rows out of the index, by filters and in an order."""

# A page begins after the last row of the page before it, and not at a number of rows: so the hundredth page costs as
# much as the first, and rows of a file that was replaced meanwhile are neither doubled nor skipped. First the numbers
# of a page's rows are found, then the rows are fetched: no text is read that is not shown, and SQLite needs no index
# for any order. In the order of the files they are looked through one by one, up to where the page is full.
#
# Another run's row of the same document is the one with its mark (its hash, its number where a file has none) and its
# count among equal ones.

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from proctor.errors import UsageError
from proctor.html_report.cells import NONE, State
from proctor.view.index_rows import fold, shown_hash

Place: TypeAlias = tuple[int, float, int]
"""Whether what is sorted by is missing, its value, the number of the row."""

MOST = 200
"""Rows of a page."""
MOST_WORDS = 100
"""Of a search: SQLite's conditions are up to a thousand deep."""
CONFIDENT = 0.9
STATES = {
    "wrong": (State.WRONG, State.PARTLY),
    "right": (State.RIGHT,),
    "unread": (State.UNREAD, State.UNFINISHED),
    "failed": (State.FAILED,),
}
OTHERS = ("disagree", "only_a", "only_b")
FILTERS = (*STATES, *OTHERS, "confident")
ORDERS = {"order": "r.id", "margin": "r.margin", "p": "r.p", "gold": "r.p_gold", "score": "r.score"}
_LINE = 300
_SHOWN = ("id", "doc", "hash", "state", "score", "gold", "golds", "picked", "p", "p_gold", "margin")


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows are wanted.

    Attributes:
        names: Of :data:`FILTERS`; states add up, all else must hold together.
        task: A task, or a group.
        words: What the text of the document must hold, folded.
        picked: The option that was picked, counted from 0.
        p: Lowest and highest probability of what was picked.
        pipeline: A filter's name; None: each task's main one.
        order: Of :data:`ORDERS`.
        down: Whether the largest stand first.
    """

    names: tuple[str, ...] = ()
    task: str | None = None
    words: tuple[str, ...] = ()
    picked: int | None = None
    p: tuple[float | None, float | None] = (None, None)
    pipeline: str | None = None
    order: str = "order"
    down: bool = False

    def __post_init__(self) -> None:
        wrong = [name for name in self.names if name not in FILTERS]
        if wrong:
            raise UsageError(f"There is no filter {wrong[0]!r}.", hint=f"There are: {', '.join(FILTERS)}.")
        if self.order not in ORDERS:
            raise UsageError(f"Rows have no order {self.order!r}.", hint=f"There are: {', '.join(ORDERS)}.")


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file of the index: of one run, one task.

    Attributes:
        id: Its number.
        task: Its task.
        main: The number of the filter whose rows are shown.
        filters: The filters' names by number, and the names of their scores.
        labels: How options are called where they are bare labels.
        other: The number of the other run's file of this task; None: there is none.
        other_main: Its filter.
        place: Its place in the order of tasks.
    """

    id: int
    task: str
    main: int
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    labels: tuple[str, ...]
    other: int | None = None
    other_main: int = 0
    place: int = 0


def files_of(connection: sqlite3.Connection, run: str, tasks: Sequence[str]) -> list[IndexedFile]:
    """The files of a run that the index has, in the order of its tasks.

    Args:
        connection: Of the index.
        run: What addresses call it.
        tasks: Its tasks in their order.
    """
    rows = connection.execute("SELECT id, task, metrics, labels FROM files WHERE run = ? AND problem IS NULL", (run,))
    found = {task: _file(number, task, metrics, labels) for number, task, metrics, labels in rows}
    return [replace(found[task], place=place) for place, task in enumerate(tasks) if task in found]


def _file(number: int, task: str, metrics: str, labels: str) -> IndexedFile:
    known = json.loads(metrics)
    filters = tuple((name, tuple(scores)) for name, scores in known.get("filters", ()))
    return IndexedFile(number, task, known.get("main", 0), filters, tuple(json.loads(labels)))


def with_other(files: Sequence[IndexedFile], others: Sequence[IndexedFile]) -> list[IndexedFile]:
    """Files with those of another run.

    Args:
        files: Of the run whose rows are wanted.
        others: Of the run that it is compared with.
    """
    by_task = {one.task: one for one in others}
    return [
        replace(one, other=by_task[one.task].id, other_main=by_task[one.task].main) if one.task in by_task else one
        for one in files
    ]


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows, and where the next page begins; ``after`` is None where there is none."""

    rows: list[dict[str, Any]]
    after: str | None


def row_page(
    connection: sqlite3.Connection, files: Sequence[IndexedFile], wanted: RowFilter, *, after: str | None, limit: int
) -> RowPage:
    """A page of rows.

    Args:
        connection: Of the index.
        files: Those of one run.
        wanted: Which of their rows, in which order.
        after: Where the page before ended; None: this is the first.
        limit: Rows of a page, at most :data:`MOST`.

    Raises:
        UsageError: ``after`` is no place.
    """
    start = _start(after)
    count = max(1, min(limit, MOST)) + 1
    if wanted.order == "order":
        places = list(_in_file_order(connection, files, wanted, start, count))
    else:
        places = _places(connection, files, wanted, start, count)
    page = places[: count - 1]
    rows = _rows(connection, [place[-1] for place in page], {one.id: one for one in files})
    return RowPage(rows, json.dumps(page[-1]) if len(places) == count else None)


def _start(after: str | None) -> Place | None:
    if after is None:
        return None
    try:
        missing, value, number = json.loads(after)
        place = int(missing), float(value), int(number)
        if max(abs(place[0]), abs(place[2])) >> 63:
            raise ValueError("no number of SQLite's")
        return place
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UsageError(
            f"No page ended at {after[:100]!r}.", hint="'after' is what the page before this one says."
        ) from error


def _in_file_order(
    connection: sqlite3.Connection, files: Sequence[IndexedFile], wanted: RowFilter, start: Place | None, count: int
) -> Iterator[Place]:
    """File by file, up to the one in which there are enough; their value is the place of the task."""
    ordered = sorted(files, key=lambda one: one.place, reverse=wanted.down)
    begun = None if start is None else start[1]
    if begun is not None:
        ordered = [one for one in ordered if (one.place <= begun if wanted.down else one.place >= begun)]
    left = count
    for one in ordered:
        places = _places(connection, [one], wanted, start if one.place == begun else None, left)
        yield from ((0, one.place, number) for _, _, number in places)
        left -= len(places)
        if not left:
            return


def _places(
    connection: sqlite3.Connection, files: Sequence[IndexedFile], wanted: RowFilter, start: Place | None, count: int
) -> list[Place]:
    """The first places of files after one."""
    chosen = [(one.id, number, one.other, one.other_main) for one in files if (number := _pipeline(one, wanted)) >= 0]
    if not chosen:
        return []
    where, values = _conditions(wanted)
    column, way = ORDERS[wanted.order], "DESC" if wanted.down else "ASC"
    if start is not None:
        where += _after(column, wanted, start, values)
    # What has no number stands last, whichever way.
    first, value = ("0", "0") if wanted.order == "order" else (f"{column} IS NULL", _value(column, wanted))
    order = f"r.id {way}" if wanted.order == "order" else f"{first}, {column} {way}, r.id"
    join = " JOIN documents d ON d.id = r.document" if wanted.words else ""
    # CROSS JOIN: the files first, whatever SQLite would like better.
    found = connection.execute(
        f"WITH chosen (file, filter, other, other_filter) AS (VALUES {', '.join('(?, ?, ?, ?)' for _ in chosen)})"
        f" SELECT {first}, {value}, r.id FROM chosen c"
        f" CROSS JOIN rows r ON r.file = c.file AND r.filter = c.filter{join} WHERE 1{where} ORDER BY {order} LIMIT ?",
        [*(one for row in chosen for one in row), *values, count],
    )
    return found.fetchall()


def _pipeline(file: IndexedFile, wanted: RowFilter) -> int:
    """The number of the filter whose rows are wanted; -1: the file has none of that name."""
    names = [name for name, _ in file.filters]
    if wanted.pipeline is None:
        return file.main
    return names.index(wanted.pipeline) if wanted.pipeline in names else -1


def _value(column: str, wanted: RowFilter) -> str:
    """What is sorted by, so that less stands first."""
    return f"{'-' if wanted.down else ''}coalesce({column}, 0)"


def _rows(
    connection: sqlite3.Connection, numbers: Sequence[int], files: Mapping[int, IndexedFile]
) -> list[dict[str, Any]]:
    """Rows by their numbers, in their order."""
    found = connection.execute(
        f"SELECT {', '.join(f'r.{name}' for name in _SHOWN)}, r.file, substr(d.question, 1, {_LINE})"
        f" FROM rows r JOIN documents d ON d.id = r.document WHERE r.id IN ({', '.join('?' * len(numbers))})",
        list(numbers),
    )
    by_number = {row[0]: row for row in found}
    return [_row(by_number[number], files) for number in numbers]


def _after(column: str, wanted: RowFilter, start: Place, values: list[Any]) -> str:
    """The condition that a row stands after a place; its values are added."""
    missing, value, number = start
    if wanted.order == "order":
        values.append(number)
        return f" AND r.id {'<' if wanted.down else '>'} ?"
    values += [missing, value, number]
    return f" AND ({column} IS NULL, {_value(column, wanted)}, r.id) > (?, ?, ?)"


def _conditions(wanted: RowFilter) -> tuple[str, list[Any]]:
    """What rows must fulfil, as SQL with its values."""
    parts, values = list[str](), list[Any]()
    states = [int(state) for name in wanted.names for state in STATES.get(name, ())]
    if states:
        parts.append(f"r.state IN ({', '.join(map(str, states))})")
    if "confident" in wanted.names:
        parts.append(f"r.state = {State.WRONG:d} AND r.p >= {CONFIDENT}")
    if wanted.picked is not None:
        parts.append("r.picked = ?")
        values.append(wanted.picked)
    for end, sign in zip(wanted.p, (">=", "<="), strict=True):
        if end is not None:
            parts.append(f"r.p {sign} ?")
            values.append(end)
    for word in wanted.words:
        parts.append("instr(d.folded, ?)")
        values.append(word)
    parts += [_of_both(name) for name in wanted.names if name in OTHERS]
    return "".join(f" AND {part}" for part in parts), values


def _of_both(name: str) -> str:
    right = f"= {State.RIGHT:d}"
    unlike = {
        "only_a": f"r.state {right} AND b.state NOT IN ({State.RIGHT:d}, {State.PLAIN:d})",
        "only_b": f"b.state {right} AND r.state NOT IN ({State.RIGHT:d}, {State.PLAIN:d})",
    }
    either = f"({unlike['only_a']} OR {unlike['only_b']})"
    same = "b.hash = r.hash AND b.nth = r.nth"
    return (
        "EXISTS (SELECT 1 FROM rows b WHERE b.file = c.other AND b.filter = c.other_filter"
        f" AND {same} AND {unlike.get(name, either)})"
    )


def _row(row: Sequence[Any], files: Mapping[int, IndexedFile]) -> dict[str, Any]:
    """A row as JSON has it."""
    known = dict(zip(_SHOWN, row, strict=False))
    golds = json.loads(known["golds"]) if known["golds"] else [known["gold"]] if known["gold"] != NONE else []
    return {
        "task": files[row[-2]].task,
        "doc_id": known["doc"],
        "doc_hash": shown_hash(known["hash"]),
        "state": State(known["state"]).name.lower(),
        "score": known["score"],
        "gold": golds,
        "picked": None if known["picked"] == NONE else known["picked"],
        "p": known["p"],
        "p_gold": known["p_gold"],
        "margin": known["margin"],
        "question": row[-1],
    }


def words_of_search(text: str) -> tuple[str, ...]:
    """The words of a search, folded: ``"…"`` is one word as it stands.

    Args:
        text: What was typed.

    Raises:
        UsageError: It has more words than :data:`MOST_WORDS`.
    """
    parts = text.split('"')
    words = [word for place, part in enumerate(parts) for word in ([part] if place % 2 else part.split())]
    folded = dict.fromkeys(fold(word) for word in words if word.strip())
    if len(folded) > MOST_WORDS:
        raise UsageError(f"A search has up to {MOST_WORDS} words, not {len(folded):,}.", hint='"…" is one word.')
    return tuple(folded)
