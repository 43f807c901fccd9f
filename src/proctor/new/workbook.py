"""Excel's workbooks: which sheet, and its cells as the texts that a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor.errors import DataError, did_you_mean
from proctor.new.table import AmbiguityError, RawRow
from proctor.tasks.sources.sheets import SheetReader, visible_sheets

EVERY = "all"
"""As the name of a sheet: all sheets, each a subject."""

SHOWN = 3
"""Cells that a note names."""


def read_sheets(
    path: str, wanted: str | None, splits: Sequence[str]
) -> list[tuple[str, tuple[RawRow, ...], tuple[str, ...]]]:
    """The sheets of a workbook: the one that is wanted, the only one, or one for each split.

    Args:
        path: The file.
        wanted: The sheet's name; :data:`EVERY`; None: it is to be found.
        splits: Names of splits in lower case: where all sheets have such names, all are read.

    Returns:
        The name, the rows that hold anything, and notes of each.

    Raises:
        DataError: It is no workbook, a cell cannot be read, or there is no such sheet.
        AmbiguityError: There are several, and it is not said which.
        MissingExtraError: openpyxl is not installed.
    """
    readers = {reader.name: reader for reader in visible_sheets(path)}
    if wanted is not None and (wanted != EVERY or wanted in readers):
        if wanted not in readers:
            hint = did_you_mean(wanted, readers) or f"It has: {', '.join(readers)}."
            raise DataError(f"{path} has no sheet {wanted!r} that holds anything.", hint=hint)
        return [_read(readers[wanted], noted=len(readers) > 1)]
    full = {name: reader for name, reader in readers.items() if len(reader.rows) > 1} or readers
    if wanted is None and len(full) > 1 and not all(name.strip().lower() in splits for name in full):
        message = f"{path} has {len(full)} sheets: {', '.join(map(repr, full))}."
        hint = f"Take one with --sheet {next(iter(full))}, or with --sheet {EVERY} each as a subject."
        raise AmbiguityError(message, "sheet", (*full, EVERY), hint=hint)
    if not full:
        raise DataError(f"{path} holds nothing in any sheet.")
    return [_read(reader, noted=len(readers) > 1) for reader in full.values()]


def _read(reader: SheetReader, *, noted: bool) -> tuple[str, tuple[RawRow, ...], tuple[str, ...]]:
    rows = tuple(RawRow(number, tuple(_text(value) for value in cells)) for number, cells in reader.rows)
    notes = [f"read from the sheet {reader.name!r}"] if noted else []
    if reader.dates:
        notes.append(f"Excel holds dates in {_listed(reader.dates)}: was another text typed there?")
    if reader.hidden:
        notes.append(f"hidden rows are read too: {_listed(reader.hidden)}")
    if reader.percents:
        notes.append(f"Excel shows per cent in {_listed(reader.percents)}, and the number that it stores is read")
    return reader.name, rows, tuple(notes)


def _listed(cells: Sequence[str]) -> str:
    return ", ".join(cells[:SHOWN]) + (f" and {len(cells) - SHOWN:,} more" if cells[SHOWN:] else "")


def _text(value: Any) -> str:
    """A cell's value as Excel shows it without a format."""
    if value is None:
        return ""
    return str(value).upper() if isinstance(value, bool) else str(value)
