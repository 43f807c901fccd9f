"""Columns that have one type in a file of a data set and another in the next: which file, column, line and types.

A data set has one type for each column, in all its files and splits; ``datasets`` takes those of the first
file and fails on another with a word of Arrow's that names neither file nor column. Only failures come
here, so the files are read again: text with the standard library, which knows lines.

Invariant: the types of the first file that has a column are what the others are held against, first as
``datasets`` casts (a number into text, a whole number into one with a fraction, nothing into anything), then,
where that explains nothing, for equality.
"""

# How a difference is found
# -------------------------
#   file 1   {"q": text, "n": int}         known: q text (file 1), n int (file 1)
#   file 2   {"q": text, "n": text} line 7 -> "file 2, line 7: 'n' is text, but a whole number in file 1."
#
# Two passes over the same tables, from the likely to the certain: first what ``datasets`` cannot cast, which is what
# it failed on; then, if every value could be cast, whatever is not equal. One pass for equality alone would blame a
# whole number in a column of fractions, which is no error. Kinds are compared per row, so that the line is known;
# a column as a whole is joined (int + float = float, date + text = text) only to be held against later files.

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from proctor.tasks.sources.diagnose import DataFileError

HINT = "A column has one type in all files of a data set, whatever their split: change one of the two."

_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d(:?\d\d(:?\d\d(\.\d+)?)?)?)?(Z|[+-]\d\d:?\d\d)?")
_WHOLE = re.compile(r"\s*[+-]?\d+\s*")
_EMPTY = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>", "n/a", "#N/A"})
_WORDS: Mapping[str, str] = {
    "null": "nothing (null)",
    "bool": "true or false",
    "int": "a whole number",
    "big": "a whole number of more than 64 bits",
    "float": "a number with a fraction",
    "date": "a date",
    "text": "text",
    "mixed": "of several types",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value or a column. ``items``: of a list; ``keys``: of an object."""

    name: str
    items: Kind | None = None
    keys: Mapping[str, Kind] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.name == "list":
            inner = "" if self.items is None or self.items == NULL else f", each item {self.items}"
            return f"a list{inner}"
        if self.name == "object":
            return f"an object with {', '.join(map(repr, self.keys)) or 'no keys'}"
        return _WORDS.get(self.name, self.name)


NULL = Kind("null")
Row: TypeAlias = tuple[int | None, Mapping[str, Kind]]
"""A row's line, if it has one, and the kinds of its cells."""
Fits: TypeAlias = Callable[[Kind, Kind], bool]


def unlike_columns(files: Iterable[tuple[str, str]], builder: str) -> DataFileError | None:
    """The first column whose type is another in a later file, or that a later file alone has; None: there is none.

    Args:
        files: each file as it is called in messages, and where it is to be read.
        builder: ``json``, ``csv`` or ``parquet``; of other formats nothing is known.
    """
    read = {"json": _json_rows, "csv": _csv_rows, "parquet": _parquet_rows}.get(builder)
    tables = {shown: rows for shown, path in files if read is not None and (rows := _tried(read, path))}
    for fits in (is_cast, Kind.__eq__):
        known: dict[str, tuple[str, Kind]] = {}
        for shown, rows in tables.items():
            difference = _unlike(shown, rows, known, fits)
            if difference is not None:
                return difference
            # ``known`` last: the first file that has a column decides its type, as in ``datasets``.
            known = {**{name: (shown, kind) for name, kind in _columns(rows).items()}, **known}
    return _new_column(tables)


def _tried(read: Callable[[str], Iterable[Row]], path: str) -> list[Row]:
    try:
        return list(read(path))
    except Exception:  # noqa: BLE001 - it has failed already, and whatever is wrong with it is said elsewhere
        return []


def _unlike(shown: str, rows: Sequence[Row], known: Mapping[str, tuple[str, Kind]], fits: Fits) -> DataFileError | None:
    for line, cells in rows:
        for name, kind in cells.items():
            if name not in known or kind == NULL:
                continue
            other, wanted = known[name]
            pair = _difference(name, wanted, kind, fits)
            if pair is not None:
                where = shown if line is None else f"{shown}, line {line}"
                return DataFileError(f"{where}: {pair[0]!r} is {pair[2]}, but {_always(pair[1])} in {other}.", HINT)
    return None


def _always(kind: Kind) -> str:
    return f"{kind} in every row" if kind == NULL else str(kind)


def _difference(name: str, wanted: Kind, kind: Kind, fits: Fits) -> tuple[str, Kind, Kind] | None:
    """The place within a column where two kinds do not fit, and both."""
    if wanted.name == kind.name == "object" and set(kind.keys) <= set(wanted.keys):
        inner = (_difference(f"{name}.{key}", wanted.keys[key], one, fits) for key, one in kind.keys.items())
        return next((pair for pair in inner if pair is not None), None)
    return None if kind == NULL or fits(wanted, kind) else (name, wanted, kind)


def is_cast(wanted: Kind, kind: Kind) -> bool:
    """Whether ``datasets`` makes a value of ``kind`` one of ``wanted``."""
    # "mixed": one of the files disagrees with itself, which says nothing about the other one.
    if kind == NULL or "mixed" in (wanted.name, kind.name):
        return True
    if wanted.name == "text":
        return kind.name not in ("list", "object")
    if wanted.name == "float":
        return kind.name in ("float", "int")
    if wanted.name == kind.name == "list":
        return kind.items is None or (wanted.items is not None and is_cast(wanted.items, kind.items))
    return wanted.name == kind.name and (wanted.name != "object" or set(kind.keys) <= set(wanted.keys))


def _new_column(tables: Mapping[str, Sequence[Row]]) -> DataFileError | None:
    columns = {shown: _columns(rows) for shown, rows in tables.items()}
    first = next(iter(columns), None)
    for shown, there in columns.items():
        new = [name for name in there if name not in columns[str(first)]]
        if new:
            lacks = [name for name in columns[str(first)] if name not in there]
            also = f", and lacks {', '.join(map(repr, lacks))}" if lacks else ""
            message = f"{shown} has the column {', '.join(map(repr, new))}, which {first} does not have{also}."
            return DataFileError(
                message, "All files of a data set have the same columns: name them alike, or leave it out."
            )
    return None


def _columns(rows: Iterable[Row]) -> dict[str, Kind]:
    """The kind of each column in all rows."""
    made: dict[str, Kind] = {}
    for _, cells in rows:
        for name, kind in cells.items():
            made[name] = _joined(made.get(name, NULL), kind)
    return made


def _joined(one: Kind, other: Kind) -> Kind:
    if one == other or other == NULL:
        return one
    if one == NULL:
        return other
    if {one.name, other.name} == {"int", "float"}:
        return Kind("float")
    if {one.name, other.name} == {"date", "text"}:
        return Kind("text")
    if one.name == other.name == "list":
        return Kind("list", _joined(one.items or NULL, other.items or NULL))
    if one.name == other.name == "object":
        names = dict.fromkeys([*one.keys, *other.keys])
        keys = {name: _joined(one.keys.get(name, NULL), other.keys.get(name, NULL)) for name in names}
        return Kind("object", keys=keys)
    return Kind("mixed")


# ---------------------------------------------------------------- rows of each format


def _json_rows(path: str) -> Iterator[Row]:
    text = Path(path).read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("["):
        yield from ((None, _cells(row)) for row in json.loads(text))
        return
    # Not splitlines(): it also splits at U+2028 and its kind, which may stand within a text of JSON.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _cells(json.loads(line))


def _cells(row: Any) -> Mapping[str, Kind]:
    return {str(name): kind_of(value) for name, value in row.items()}


def kind_of(value: Any) -> Kind:
    """The kind of a value of JSON."""
    if isinstance(value, dict):
        return Kind("object", keys={str(key): kind_of(one) for key, one in value.items()})
    if isinstance(value, list):
        items = NULL
        for one in value:
            items = _joined(items, kind_of(one))
        return Kind("list", items)
    if isinstance(value, bool):
        return Kind("bool")
    if isinstance(value, int):
        return Kind("int" if -(1 << 63) <= value < 1 << 63 else "big")
    if isinstance(value, str):
        return Kind("date" if _DATE.fullmatch(value) else "text")
    return Kind("float") if isinstance(value, float) else NULL


def _csv_rows(path: str) -> Iterator[Row]:
    # The limit is one of the whole process (128 KiB by default, less than a long passage): raised here, put back below.
    limit = csv.field_size_limit(1 << 30)
    try:
        reader = csv.reader(io.StringIO(Path(path).read_text(encoding="utf-8-sig"), newline=""))
        header = next(reader, [])
        # A quoted cell may hold line ends: a row begins on the line after the last one of the row before.
        before = reader.line_num
        for row in reader:
            if row:
                yield before + 1, {name: _cell(text) for name, text in zip(header, row, strict=False)}
            before = reader.line_num
    finally:
        csv.field_size_limit(limit)


def _cell(text: str) -> Kind:
    if text in _EMPTY:
        return NULL
    if _WHOLE.fullmatch(text):
        return Kind("int" if abs(int(text)) < 1 << 63 else "big")
    if text in ("True", "False", "true", "false", "TRUE", "FALSE"):
        return Kind("bool")
    try:
        float(text)
    except ValueError:
        return Kind("text")
    # Python reads "1_000" as a number, pandas as text.
    return Kind("text" if "_" in text else "float")


def _parquet_rows(path: str) -> Iterator[Row]:
    from pyarrow import parquet

    yield None, {entry.name: Kind(str(entry.type)) for entry in parquet.read_schema(path)}
