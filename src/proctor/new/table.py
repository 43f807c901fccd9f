"""A table as it was read: columns, rows with the lines that they begin on, and cells that nobody has converted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from proctor.errors import DataError, UsageError

Unit: TypeAlias = Literal["line", "row", "cell"]
"""How a place is named: of text files by line, of lists of objects by row, of workbooks by cell."""

MOST_SHOWN = 8
"""Bad rows that an error lists; more are counted."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row before it is known what its columns are called. ``number``: its line, counted from 1."""

    number: int
    cells: tuple[Any, ...]

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in any cell."""
        return all(is_blank(cell) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. ``number``: the line (of a workbook, the row) that it begins on, counted from 1."""

    number: int
    cells: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with named columns.

    Attributes:
        source: Where it was read, as the user named it.
        columns: Names in their order.
        rows: As many cells as columns in each: texts; of JSON and data sets also lists, numbers and mappings.
        unit: How places are named.
        positions: For each column, its position in the file, from 0: of a workbook the letters of a cell come from it.
        notes: What is worth knowing about how it was read.
        bad: Rows that have not as many cells as there are columns.
        subject: What the file is about, where a folder has a file for each subject; None: nothing says so.
        split: Which split the rows belong to, where the file's name or the data set says so.
    """

    source: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    unit: Unit = "line"
    positions: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    bad: tuple[BadRow, ...] = ()
    subject: str | None = None
    split: str | None = None

    @property
    def label(self) -> str:
        """What tells the table from the others of a source: its subject and its split, or its file."""
        return " ".join(part for part in (self.subject, self.split) if part) or self.source

    def place(self, row: Row | int, column: str | None = None) -> str:
        """Words for a cell: ``line 7, column '정답'``; of a workbook ``cell F7``.

        Args:
            row: A row, or its number.
            column: The column; None: the whole row.
        """
        number = row if isinstance(row, int) else row.number
        if self.unit == "cell":
            if column is None:
                return f"row {number}"
            return f"cell {column_letters(self.positions[self.columns.index(column)])}{number} ({column})"
        return f"{self.unit} {number}" if column is None else f"{self.unit} {number}, column {column!r}"

    def values(self, column: str) -> list[Any]:
        """The cells of a column."""
        at = self.columns.index(column)
        return [row.cells[at] for row in self.rows]

    def with_notes(self, *notes: str) -> Table:
        """The table with more notes."""
        return replace(self, notes=(*self.notes, *notes))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: where, and why as a clause without a full stop."""

    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.why}."


@contextmanager
def source_named(source: str) -> Iterator[None]:
    """Within, an error about what a table holds begins with the table's file, if it does not name it.

    Args:
        source: The file.
    """
    try:
        yield
    except (DataError, UsageError) as error:
        if source not in error.message:
            error.message = f"{source}: {error.message}"
        raise


def column_list(names: Sequence[str]) -> str:
    """Columns in a sentence: all of a few, the first of many.

    Args:
        names: The columns.
    """
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12:,} more"


class AmbiguityError(UsageError):
    """Two readings are possible, and a flag decides.

    Attributes:
        setting: The flag's name without its dashes.
        values: What it may be; empty: a column that the user must name.
    """

    def __init__(self, message: str, setting: str, values: Sequence[str] = (), *, hint: str | None = None) -> None:
        said = (
            f"Say it with --{setting} {'|'.join(values)}."
            if values and len(values) < 6
            else f"Say it with --{setting}."
        )
        super().__init__(message, hint=hint or said)
        self.setting, self.values = setting, tuple(values)


def rows_error(source: str, bad: Sequence[BadRow], total: int, *, hint: str | None = None) -> DataError:
    """The error of rows that cannot be read: each with its place.

    Args:
        source: The file.
        bad: The rows.
        total: How many rows there are.
        hint: What to do.
    """
    shown = [f"  {row}" for row in bad[:MOST_SHOWN]]
    more = len(bad) - len(shown)
    shown += [f"  and {more:,} more."] if more > 0 else []
    count = "1 row" if len(bad) == 1 else f"{len(bad):,} rows"
    lines = "\n".join([f"{source}: {count} of {total:,} cannot be read:", *shown])
    return DataError(lines, hint=hint or "Correct them, or leave them out with --skip_bad.")


def is_blank(cell: Any) -> bool:
    """Whether nothing stands in a cell."""
    if isinstance(cell, float):
        return cell != cell  # NaN, which pandas writes for nothing
    return cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, (list, dict)) and not cell)


def cell_text(cell: Any) -> str:
    """A cell as a text, as a reader would write it: ``2`` for 2, ``2`` for 2.0."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell if isinstance(cell, str) else str(cell)


def column_letters(at: int) -> str:
    """The letters of a workbook's column that is counted from 0: A, ..., Z, AA."""
    letters, at = "", at + 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def unique_names(names: Iterable[str]) -> list[str]:
    """Names in which none occurs twice: a second ``보기`` becomes ``보기 2``."""
    made: list[str] = []
    for name in names:
        count, new = 1, name
        while new in made:
            count += 1
            new = f"{name} {count}"
        made.append(new)
    return made
