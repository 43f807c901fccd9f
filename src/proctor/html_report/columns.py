"""The columns of the list: bytes for each question, one column after the other."""

# A filter over 14,042 questions looks at a few columns, so these are typed arrays over one buffer and not objects. Each
# column begins at a multiple of four, so that numbers of four bytes can be read where they lie. What is known from
# another column is not stored: a score of 0 or 1 is the state; a pick is its distance from the likeliest option, and a
# state what differs from "the pick is right", so that both are nearly always 0.

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from proctor.html_report.cells import COARSE, FINE, NONE, TURN, Cell, State
from proctor.html_report.collect import RunColumn, TaskQuestions
from proctor.html_report.step_columns import most_alike, step_columns

WEIGHTS = tuple(
    0.0 if step == NONE else math.exp(-(FINE * step if step < TURN else FINE * TURN + COARSE * (step - TURN)))
    for step in range(NONE + 1)
)
"""Of each step, an option's weight beside the likeliest one; the page's script has the same."""
_ABSENT = Cell(State.ABSENT, ())
_OF_STATE = {State.RIGHT: 1.0, State.WRONG: 0.0, State.UNREAD: 0.0, State.UNFINISHED: 0.0}


class ColumnBuffer:
    """Columns of bytes, and where each begins.

    Attributes:
        columns: Their bytes; each has a multiple of four.
    """

    def __init__(self) -> None:
        self.columns: list[bytes] = []
        self._end = 0

    def add(self, column: bytes | bytearray) -> int:
        """Append a column.

        Args:
            column: Its bytes.

        Returns:
            Where it begins.
        """
        place = self._end
        self.columns.append(bytes(column) + bytes(-len(column) % 4))
        self._end += len(self.columns[-1])
        return place

    def bytes(self) -> bytes:
        """All columns."""
        return b"".join(self.columns)


def add_columns(
    buffer: ColumnBuffer, tasks: Sequence[TaskQuestions], runs: int, groups: Sequence[str]
) -> dict[str, Any]:
    """Add the columns of all questions.

    Args:
        buffer: Takes them.
        tasks: In their order.
        runs: How many runs there are.
        groups: The values of the column that was named, in their order.

    Returns:
        Where each column begins, by its name.
    """
    golds = [gold for task in tasks for gold in task.golds]
    numbers = {value: place for place, value in enumerate(groups)}
    found: dict[str, Any] = {
        "id": buffer.add(b"".join(struct.pack(f"<{len(task)}i", *_steps(task.ids)) for task in tasks)),
        "hash": buffer.add(b"".join(_hash(key) for task in tasks for key in task.hashes)),
        "gold": buffer.add(bytes([gold[0] if gold and gold[0] < NONE else NONE for gold in golds])),
        "k": buffer.add(bytes([_options(task, place) for task in tasks for place in range(len(task))])),
        "golds": {place: list(gold) for place, gold in enumerate(golds) if len(gold) > 1},
    }
    if groups:
        named = [numbers[value] for task in tasks for value in task.groups]
        found["by"] = buffer.add(struct.pack(f"<{len(named)}H", *named))
    earlier: list[bytes] = []
    found["runs"] = [_run_columns(buffer, tasks, run, earlier) for run in range(runs)]
    return found


def _steps(ids: Sequence[int]) -> Iterator[int]:
    """Each number less the one before it: nearly always 1, which takes no room."""
    last = 0
    for number in ids:
        yield max(-(2**31), min(2**31 - 1, number - last))
        last = number


def _hash(key: str) -> bytes:
    try:
        return bytes.fromhex(key.ljust(6, "0"))[:3]
    except ValueError:
        return bytes(3)


def _options(task: TaskQuestions, place: int) -> int:
    cells = [cell for column in task.runs.values() if (cell := _cell(column, place)) is not _ABSENT]
    return min(NONE, max((len(cell.steps) for cell in cells), default=0))


def _cell(column: RunColumn | None, place: int) -> Cell:
    if column is None or place >= len(column.cells):
        return _ABSENT
    return column.cells[place] or _ABSENT


def _run_columns(
    buffer: ColumnBuffer, tasks: Sequence[TaskQuestions], run: int, earlier: list[bytes]
) -> dict[str, int]:
    """Where a run's columns begin; its steps are added to those of the runs before it."""
    cells = [_cell(task.runs.get(run), place) for task in tasks for place in range(len(task))]
    golds = [gold for task in tasks for gold in task.golds]
    widths = [_options(task, place) for task in tasks for place in range(len(task))]
    steps = b"".join(cell.steps[:width].ljust(width, b"\xff") for cell, width in zip(cells, widths, strict=True))
    states = bytes([cell.state ^ _expected(cell, gold) for cell, gold in zip(cells, golds, strict=True)])
    like = most_alike(steps, earlier) if earlier else None
    known = [cell.best != NONE for cell in cells]
    ranks, rest, is_alike = step_columns(
        steps, known, widths, _rightness(golds, widths) if like is None else earlier[like]
    )
    earlier.append(steps)
    return {
        **({} if like is None else {"like": like}),
        **({"beyond": 1} if is_alike else {}),
        "state": buffer.add(states),
        "picked": buffer.add(bytes([(cell.picked - _likeliest(cell)) % 256 for cell in cells])),
        "best": buffer.add(bytes([_unlike(cell) for cell in cells])),
        "ranks": buffer.add(ranks),
        "steps": buffer.add(rest),
    }


def _rightness(golds: Sequence[tuple[int, ...]], widths: Sequence[int]) -> bytes:
    """Of each option 0 where it is right, else 1: what is known of steps before any run is."""
    return bytes([place not in gold for gold, width in zip(golds, widths, strict=True) for place in range(width)])


def _unlike(cell: Cell) -> int:
    """The likeliest option's code as its distance from the one that it has where nothing but an option is written.

    So it takes a quarter of the room: models that know the form of an answer write little else. The page's script
    computes the same from the steps.
    """
    if cell.best == NONE:
        return NONE
    weight = math.fsum([WEIGHTS[step] for step in cell.steps])
    return (cell.best - math.floor(0.5 + 16 * math.log2(1 + math.log(weight)))) % NONE


def _likeliest(cell: Cell) -> int:
    """The option that is expected to be picked: nearly always it is, and the difference takes no room."""
    return cell.steps.index(0) if 0 in cell.steps else NONE


def _expected(cell: Cell, gold: tuple[int, ...]) -> int:
    """The state that follows from what was picked; the page has what is to be changed of it."""
    return int(cell.picked in gold)


def add_metrics(buffer: ColumnBuffer, task: TaskQuestions, run: int) -> list[dict[str, Any]]:
    """Add the scores of a task in one run.

    Args:
        buffer: Takes them.
        task: The task.
        run: The place of the run.

    Returns:
        By metric its name, its filter, and where its numbers of four bytes begin; without "c", it is the state.
    """
    column = task.runs.get(run)
    if column is None:
        return []
    cells, rows = [_cell(column, place) for place in range(len(task))], []
    for place, (name, pipeline) in enumerate(column.metrics):
        values = [cell.values[place] if place < len(cell.values) else None for cell in cells]
        row: dict[str, Any] = {"n": name, "f": pipeline}
        if any(
            value is not None and value != _OF_STATE.get(cell.state) for value, cell in zip(values, cells, strict=True)
        ):
            row["c"] = buffer.add(struct.pack(f"<{len(values)}f", *[_float(value) for value in values]))
        rows.append(row)
    return rows


def _float(value: float | None) -> float:
    if value is None:
        return math.nan
    return value if abs(value) < 3e38 else math.copysign(math.inf, value)
