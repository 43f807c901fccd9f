"""Workbooks of Excel as data sets: the first row of a sheet names the columns, each other row is a document.

What Excel stores decides a cell's type, since what it shows is a matter of formats: whole numbers
are whole numbers, text stays text (``"1"``, ``"007"``), dates become ISO text, an empty cell is None.
A data set's column has one type, so a column of texts and numbers becomes text, and that is said.

Invariant: no cell's value is made up. A formula whose result Excel did not store, an error such as
``#N/A`` and a value without a column's name are errors that name the cell.
"""

# From a workbook to splits
# -------------------------
#   file -- read_workbook --> sheets with rows (hidden ones and covers of one line aside)
#        -- pick_sheets --> {split: sheet}
#             dataset_name or ``sheet`` says which      -> train
#             one sheet                                 -> train
#             several, some named like the task's splits -> each is the split of its name
#             several, none of them meant               -> error: a guess may score other documents
#        -- as_data_set --> datasets.Dataset, sheets of one split one after the other
#
# A workbook is opened twice where it has formulas: openpyxl gives either a cell's stored result or its formula, and
# only both together show a formula whose result was never stored, which reads as an empty cell otherwise.

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from proctor.errors import DataError, MissingExtraError, did_you_mean
from proctor.lazy import install_extra
from proctor.tasks.sources.stamps import Stamp, stamp

_LARGEST = 2 << 30
"""Bytes that a workbook may unpack to: a small file can hold a huge one."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one sheet, and what is worth knowing about how they were read."""

    name: str
    columns: Mapping[str, Sequence[Any]]
    notes: tuple[str, ...] = ()


_READ: dict[Stamp, tuple[Sheet, ...]] = {}


def read_workbook(file: str) -> tuple[Sheet, ...]:
    """The sheets of a workbook that hold anything, in their order.

    Raises:
        DataError: it is no workbook, or a cell cannot be read.
        MissingExtraError: openpyxl is not installed.
    """
    key = stamp(file)
    if key not in _READ:
        _READ[key] = tuple(_read(file))
    return _READ[key]


def pick_sheets(file: str, name: str | None, splits: Sequence[str]) -> Mapping[str, Sheet]:
    """The sheets of a workbook by split.

    Args:
        file: the workbook.
        name: the sheet that is wanted, which becomes the split ``train``; None: the only one.
        splits: the splits that the task names; where there are several sheets, each is the split
            of its name, if the task names one of them.

    Raises:
        DataError: there is no such sheet, or it is not said which one is meant.
    """
    sheets = {sheet.name: sheet for sheet in read_workbook(file)}
    if not sheets:
        raise DataError(f"{file} holds nothing in any sheet.")
    if name is not None:
        if name not in sheets:
            hint = did_you_mean(name, sheets) or f"It has: {', '.join(sheets)}."
            raise DataError(f"{file} has no sheet {name!r}.", hint=hint)
        return {"train": sheets[name]}
    if len(sheets) == 1:
        return {"train": next(iter(sheets.values()))}
    if not set(splits) & sheets.keys():
        hint = f"Write 'dataset_name: {next(iter(sheets))}', or give splits the names of sheets. "
        hint += f"It has: {', '.join(sheets)}."
        raise DataError(f"{file} has {len(sheets)} sheets, and none is asked for.", hint=hint)
    return sheets


def _open(file: str, *, values: bool) -> Any:
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{file} is an Excel workbook: the package 'openpyxl' reads it and is not installed.",
            hint=f"Install it with: pip install openpyxl, or {install_extra('xlsx')}. Or save it as CSV UTF-8.",
        ) from error
    try:
        with zipfile.ZipFile(file) as archive:
            # A ZIP archive: the sizes that its directory states are looked at before anything is unpacked.
            size = sum(part.file_size for part in archive.infolist())
        if size > _LARGEST:
            raise DataError(f"{file} unpacks to {size:,} bytes, more than the {_LARGEST:,} that are read.")
        return openpyxl.load_workbook(file, data_only=values)
    except DataError:
        raise
    except Exception as error:
        why = "it is encrypted or an older format" if _is_ole(file) else f"{type(error).__name__}: {error}"
        hint = "Open it in Excel and save it as .xlsx without a password, or as CSV UTF-8."
        raise DataError(f"{file} cannot be read as an Excel workbook: {why}.", hint=hint) from error


def _is_ole(file: str) -> bool:
    """Whether it is a container of old Office formats, in which encrypted workbooks are stored too."""
    try:
        with open(file, "rb") as stream:
            return stream.read(4) == b"\xd0\xcf\x11\xe0"
    except OSError:
        return False


def _has_formulas(file: str) -> bool:
    with zipfile.ZipFile(file) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    # Looked for in the raw XML, which is far quicker than opening the workbook a second time to find none.
    return any(b"<f>" in content or b"<f " in content for content in sheets)


def visible_sheets(file: str) -> list[SheetReader]:
    """The sheets of a workbook that hold anything and are not hidden, cell by cell.

    Raises:
        DataError: it is no workbook, or a cell cannot be read.
        MissingExtraError: openpyxl is not installed.
    """
    book = _open(file, values=True)
    formulas = _open(file, values=False) if _has_formulas(file) else None
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]  # charts are no sheets
    readers = [SheetReader(file, sheet, None if formulas is None else formulas[sheet.title]) for sheet in visible]
    return [reader for reader in readers if reader.rows]


def _read(file: str) -> Iterator[Sheet]:
    held = visible_sheets(file)
    # A cover or a sheet of notes: where another sheet has rows, one line alone is no data.
    full = [reader for reader in held if len(reader.rows) > 1] or held
    left_out = tuple(reader.left_out() for reader in held if reader not in full)
    for at, reader in enumerate(full):
        yield reader.sheet(() if at else left_out)


class SheetReader:
    """One sheet: cells to columns.

    Attributes:
        name: The sheet's.
        rows: Rows that hold anything: the number from 1, and the value of each cell (a covered one has its cover's).
        dates: The cells that hold a date or a time, with its text.
        percents: The cells whose number is shown in per cent, with what is stored.
        hidden: The numbers of rows that are hidden and hold anything.
    """

    def __init__(self, file: str, sheet: Any, formulas: Any) -> None:
        self._file, self._sheet, self._formulas = file, sheet, formulas
        self.name, self.dates, self.percents = str(sheet.title), list[str](), list[str]()
        self._notes: list[str] = []
        self._merged = dict(self._merged_cells())
        self.rows = [row for row in self._values() if any(value is not None for value in row[1])]
        shown = sheet.row_dimensions
        self.hidden = [str(row) for row, _ in self.rows if row in shown and shown[row].hidden]

    def left_out(self) -> str:
        """The note of a sheet that is not read."""
        return f"{self._where()} holds a single row and is left out."

    def sheet(self, notes: tuple[str, ...] = ()) -> Sheet:
        """The columns under the names of the first row; ``notes``: what else is to be said with it."""
        (number, header), *rows = self.rows
        names = self._names(number, header, rows)
        columns = {name: self._column(name, [row[at] for _, row in rows]) for at, name in names.items()}
        if not rows:
            raise DataError(f"{self._where()} holds a header and no row.")
        return Sheet(self._sheet.title, columns, (*notes, *self._notes))

    def _where(self, row: int | None = None, at: int = 0) -> str:
        """Words for the sheet, or for a cell of it."""
        if row is None:
            return f"{self._file}, sheet {self._sheet.title!r}"
        return f"{self._file}, sheet {self._sheet.title!r}, cell {_letters(at)}{row}"

    def _merged_cells(self) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Every cell that another one covers -> that one; both as row and column, counted from 1 and 0."""
        for block in self._sheet.merged_cells.ranges:
            top = (block.min_row, block.min_col - 1)
            for row in range(block.min_row, block.max_row + 1):
                for column in range(block.min_col - 1, block.max_col):
                    if (row, column) != top:
                        yield (row, column), top

    def _values(self) -> Iterator[tuple[int, list[Any]]]:
        table: dict[tuple[int, int], Any] = {}
        for row, cells in enumerate(self._sheet.iter_rows(), start=1):
            for at, cell in enumerate(cells):
                top = self._merged.get((row, at))
                # The covering cell is the upper left one: it has been read before those that it covers.
                table[row, at] = self._cell(row, at, cell) if top is None else table.get(top)
            yield row, [table[row, at] for at in range(len(cells))]
        if self._merged:
            self._notes.append(f"{self._where()}: a value in merged cells counts for each of them.")

    def _cell(self, row: int, at: int, cell: Any) -> Any:
        value = cell.value
        if cell.data_type == "e":
            raise DataError(f"{self._where(row, at)} holds the error {value}.")
        if value is None and self._formulas is not None:
            formula = self._formulas.cell(row, at + 1)
            if formula.data_type == "f":
                hint = "Open the workbook in Excel and save it, or put values in the place of formulas."
                raise DataError(f"{self._where(row, at)} holds a formula whose result is not stored.", hint=hint)
        if isinstance(value, str):
            return value if value.strip() else None
        if isinstance(value, int | float) and "%" in (cell.number_format or ""):
            self.percents.append(f"{_letters(at)}{row} ({value})")
        if isinstance(value, float):  # Excel has one kind of number; some programs write 2 as 2.0
            return int(value) if value.is_integer() else value
        if isinstance(value, bool | int) or value is None:
            return value
        if isinstance(value, date | time | timedelta):
            self.dates.append(f"{_letters(at)}{row} ({_text_of(value)})")
        return _text_of(value)

    def _names(self, number: int, header: list[Any], rows: Sequence[tuple[int, list[Any]]]) -> dict[int, str]:
        """Position -> name of the columns that have one; one without a name must be empty."""
        names: dict[int, str] = {}
        for at, value in enumerate(header):
            if value is None:
                filled = next((row for row, values in rows if values[at] is not None), None)
                if filled is not None:
                    cell = self._where(filled, at)
                    raise DataError(f"{cell} has a value, but its column has no name in row {number}.")
                continue
            if (name := _as_text(value).strip()) in names.values():
                raise DataError(f"{self._where()} has two columns called {name!r}.", hint="Rename one of them.")
            names[at] = name
        return names

    def _column(self, name: str, values: list[Any]) -> list[Any]:
        kinds = {type(value) for value in values if value is not None}
        if kinds == {int, float}:
            return [None if value is None else float(value) for value in values]
        if len(kinds) <= 1:
            return values
        self._notes.append(f"{self._where()}: the column {name!r} holds text and numbers, and is read as text.")
        return [None if value is None else _as_text(value) for value in values]


def _as_text(value: Any) -> str:
    """A cell as Excel shows it without a format."""
    if isinstance(value, bool):
        return str(value).upper()
    return str(value)


def _text_of(value: Any) -> str:
    """Dates and times as ISO text; a date at midnight without its time."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else str(getattr(value, "text", value))


def _letters(at: int) -> str:
    """The letters of a column that is counted from 0."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def workbooks_in(folder: str) -> tuple[dict[str, list[str]], list[str]]:
    """The workbooks of a folder, by the split that their names mention, and the names of its other data."""
    from proctor.tasks.sources.paths import builder_of

    # "~$book.xlsx" is the lock file that Excel keeps beside a workbook that is open.
    names = [name for name in sorted(os.listdir(folder)) if not name.startswith((".", "~$"))]
    others = [name for name in names if builder_of(name) not in (None, "xlsx") and name not in CARDS]
    by_split: dict[str, list[str]] = {}
    for name in names:
        if builder_of(name) == "xlsx":
            by_split.setdefault(_split_of(name), []).append(os.path.join(folder, name))
    return by_split, others


CARDS = frozenset({"dataset_info.json", "dataset_infos.json", "README.txt", "LICENSE.txt"})
"""Files that describe a data set and hold none of it."""


_SPLIT_WORDS = {"test": "test", "testing": "test", "eval": "test", "evaluation": "test", "dev": "validation",
                "valid": "validation", "val": "validation", "validation": "validation", "train": "train",
                "training": "train"}  # fmt: skip
"""Words in the name of a file -> its split, as ``datasets`` has it."""


def _split_of(name: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in os.path.splitext(name.lower())[0]).split()
    return next((_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS), "train")


def as_data_set(sheets: Sequence[Sheet], split: str) -> Any:
    """A data set of the rows of ``sheets``, one after the other; equal rows give an equal fingerprint."""
    import datasets

    names = list(dict.fromkeys(name for sheet in sheets for name in sheet.columns))
    rows: dict[str, list[Any]] = {name: [] for name in names}
    for sheet in sheets:
        size = len(next(iter(sheet.columns.values())))
        for name in names:
            rows[name] += sheet.columns.get(name, [None] * size)
    try:
        return datasets.Dataset.from_dict(rows, split=datasets.NamedSplit(split))
    except Exception as error:
        raise DataError(f"Sheets that make one split disagree about a column: {error}") from error
