"""Which row of a sheet names the columns: people put titles above it, and merge the cell over the options."""

# What stands above the rows
# --------------------------
#   2024학년도 1학기 중간고사 |    |    |    |    |            a title: no name of a column in it
#   번호 | 문제 | 보기 |    |    |    | 정답                     the header; one cell stands over four columns
#        |      | ①  | ②  | ③  | ④  |                        a second line of it, which says which option is which
#
# The header is the first of the first rows that has two names of columns which are known. Where none has, it is the
# first row; whether that row is a document already (MMLU's files have no header) is for ``columns`` to say, which knows
# whether all rows read alike.

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from proctor.errors import DataError
from proctor.new.roles import option_families, option_place, role_of
from proctor.new.table import BadRow, RawRow, Row, Table, Unit, cell_text, is_blank, unique_names

LOOKED_AT = 15
"""Rows in which the header is looked for."""


@dataclass(frozen=True, slots=True)
class Header:
    """The names of columns, the first row below them, and how many names are known; 0: it may be no header at all."""

    names: tuple[str, ...]
    below: int
    known: int


def find_header(rows: Sequence[RawRow], named: Collection[str] = ()) -> Header:
    """The header of a sheet.

    Args:
        rows: All rows that hold anything.
        named: Columns that the user names: a row that holds one of them is the header.

    Raises:
        DataError: Two columns of options have one name.
    """
    for at, row in enumerate(rows[:LOOKED_AT]):
        texts, known, worth = _names_known(row)
        is_named = any(text in named for text in texts if text)
        if worth >= 2 or is_named:
            below = _names_known(rows[at + 1]) if at + 1 < len(rows) and not is_named else None
            if below is not None and below[2] > worth:  # "문항 | | 보기 | | 정답" over the names of all columns
                return _header(rows, at + 1, below[0], below[1])
            return _header(rows, at, texts, max(known, 1))
    return _header(rows, 0, [cell_text(cell).strip() for cell in rows[0].cells], 0)


def _names_known(row: RawRow) -> tuple[list[str], int, int]:
    """The texts of a row, how many of them are names of columns, and that with the columns of options as one more."""
    texts = [cell_text(cell).strip() for cell in row.cells]
    known = len({text for text in texts if text and role_of(text) is not None})
    return texts, known, known + bool(option_families(texts))


def _header(rows: Sequence[RawRow], at: int, texts: list[str], known: int) -> Header:
    filled = _filled(texts)
    below = at + 1
    if below < len(rows):
        second = [cell_text(cell).strip() for cell in rows[below].cells]
        if _is_second_line(texts, filled, second):
            both = zip(filled, second[: len(filled)] + [""] * (len(filled) - len(second)), strict=True)
            names = [f"{first} {own}".strip() if own and own != first else first for first, own in both]
            _refuse_repeated(names, rows[at].number)
            return Header(_names(names), below + 1, known)
    if known:
        _refuse_repeated(filled, rows[at].number)
    return Header(_names(filled), below, known)


def _refuse_repeated(names: Sequence[str], number: int) -> None:
    """Refuse two columns of one option: one of them would be left out without a word."""
    twice = [name for name in names if name and names.count(name) > 1 and option_place(name) is not None]
    if twice:
        hint = "Name each column of an option by its letter or number."
        raise DataError(f"Row {number}: two columns of options are called {twice[0]!r}.", hint=hint)


def _filled(texts: Sequence[str]) -> list[str]:
    """Names with that of the options written into the empty cells to its right, over which it was merged."""
    filled: list[str] = []
    for text in texts:
        over = filled[-1] if filled and role_of(filled[-1]) == "choices" else ""
        filled.append(text or over)
    return filled


def _is_second_line(texts: Sequence[str], filled: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the next row only says which option is which: labels below the options, else the same."""
    labels = 0
    for text, name, own in zip(texts, filled, second, strict=False):
        if role_of(name) == "choices":
            if option_place(own) is None:
                return False
            labels += 1
        elif own not in ("", text):
            return False
    return labels > 1


def _names(names: Sequence[str]) -> tuple[str, ...]:
    made = [name or f"column {number}" for number, name in enumerate(names, start=1)]
    repeated = {name for name in made if made.count(name) > 1 and role_of(name) == "choices"}
    counts: dict[str, int] = {}
    for at, name in enumerate(made):
        if name in repeated:
            counts[name] = counts.get(name, 0) + 1
            made[at] = f"{name} {counts[name]}"
    return tuple(unique_names(made))


def numbered(width: int) -> tuple[str, ...]:
    """Names of the columns of a table that has none."""
    return tuple(f"column {number}" for number in range(1, width + 1))


def table_of(source: str, rows: Sequence[RawRow], header: Header, unit: Unit, notes: tuple[str, ...] = ()) -> Table:
    """A table of the rows below a header, without columns that hold nothing.

    Args:
        source: Where it was read.
        rows: All rows that hold anything.
        header: The names, and where the documents begin.
        unit: How places are named.
        notes: What is worth knowing.
    """
    width, good, bad = len(header.names), list[Row](), list[BadRow]()
    for row in rows[header.below :]:
        cells = _trimmed(row.cells, width)
        if len(cells) == width:
            good.append(Row(row.number, cells))
        else:
            more = " (a separator within a cell needs quotes around the cell)" if len(cells) > width else ""
            place = f"{'row' if unit == 'cell' else unit} {row.number}"
            bad.append(BadRow(place, f"it has {len(cells)} cells, and the header has {width}{more}"))
    unnamed = [
        at for at, name in enumerate(header.names)
        if name == f"column {at + 1}" and all(is_blank(row.cells[at]) for row in good)
    ]  # fmt: skip
    kept = [at for at in range(width) if at not in unnamed]
    rows_kept = tuple(Row(row.number, tuple(row.cells[at] for at in kept)) for row in good)
    names = tuple(header.names[at] for at in kept)
    return Table(source, names, rows_kept, unit, tuple(kept), notes, tuple(bad))


def _trimmed(cells: tuple[object, ...], width: int) -> tuple[object, ...]:
    """Cells without empty ones behind the last column, which Excel writes where a column was once used."""
    while len(cells) > width and is_blank(cells[-1]):
        cells = cells[:-1]
    return cells
