"""Where a data file is wrong, once ``datasets`` has failed on it: file, line and remedy instead of a parser's words.

Only failures come here, so the files are read again with the standard library, which knows lines.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRAILING = "A comma after the last entry is no JSON: take it away."


@dataclass(frozen=True, slots=True)
class DataFileError:
    """What is wrong with a file. ``message``: a sentence that begins with the file's place."""

    message: str
    hint: str | None = None


def diagnose(files: Iterable[tuple[str, str]], builder: str) -> DataFileError | None:
    """The first file that a parser of the standard library refuses as well, or whose rows do not fit each other.

    Args:
        files: each file as it is called in messages, and where its UTF-8 text is.
        builder: ``json`` or ``csv``; of other formats nothing is known.
    """
    look = {"json": _json, "csv": _csv}.get(builder)
    for shown, path in files if look else ():
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            continue
        # The copy is UTF-8 by now; one that is not was refused with its line when it was prepared.
        finding = look(shown, text) if look else None
        if finding is not None:
            return finding
    return None


def _json(file: str, text: str) -> DataFileError | None:
    if text.lstrip().startswith("["):
        return _whole(file, text)
    # Not splitlines(): U+2028 is a line end for it, and an ordinary character within a text of JSON.
    rows: list[tuple[int, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, json.loads(line)))
        except ValueError as error:
            # One object over several lines is no error of its first line.
            return (
                _whole(file, text) if number == 1 and line.strip() in ("{", "[") else _line(file, number, line, error)
            )
    return _rows(file, rows)


def _whole(file: str, text: str) -> DataFileError | None:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        before = text[: error.pos].rstrip()
        trailing = before.endswith(",") and text[error.pos : error.pos + 1] in ("]", "}")
        # Newer versions of Python point at the comma itself.
        trailing = trailing or "trailing comma" in error.msg
        return DataFileError(
            f"{file}, line {error.lineno}: this is not valid JSON: {error.msg.removesuffix(' at')}.",
            _TRAILING if trailing else None,
        )
    except RecursionError:
        return DataFileError(f"{file} nests too deep to be read as JSON.")
    return _rows(file, list(enumerate(value, start=1)), "row") if isinstance(value, list) else None


def _line(file: str, number: int, line: str, error: Exception) -> DataFileError:
    hint = None
    if line.rstrip().endswith(","):
        hint = "In JSON lines each line is an object by itself, without a comma after it."
    elif line.strip() in ("]", "["):
        hint = "This is one JSON list over several lines: its first character must be '['."
    said = getattr(error, "msg", str(error)).removesuffix(" at")
    return DataFileError(f"{file}, line {number}: this is not valid JSON: {said}.", hint)


def _rows(file: str, rows: list[tuple[int, Any]], what: str = "line") -> DataFileError | None:
    for number, row in rows:
        if not isinstance(row, dict):
            return DataFileError(
                f'{file}, {what} {number}: a row must be an object such as {{"question": ...}}, not {_kind(row)}.'
            )
    # Column -> the line on which it has its first value that is not null, and the kind of that value.
    first: dict[str, tuple[int, str]] = {}
    for number, row in rows:
        for key, value in row.items():
            kind = _kind(value)
            if kind == "null":
                continue
            before, known = first.setdefault(key, (number, kind))
            if known != kind:
                message = f"{file}, {what} {number}: {key!r} is {kind}, but {known} in {what} {before}."
                return DataFileError(message, "A column has one type in all rows.")
    return None


def _kind(value: Any) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "null")


def _csv(file: str, text: str) -> DataFileError | None:
    limit = csv.field_size_limit(1 << 30)
    try:
        # ``strict``: a quote that is never closed is an error; without it the rest of the file becomes one cell.
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        return _cells(file, rows)
    finally:
        csv.field_size_limit(limit)


def _cells(file: str, rows: Any) -> DataFileError | None:
    width = begun = 0
    try:
        for row in _counted(rows):
            width = width or len(row)
            # Fewer cells than columns are no error to pandas: the missing ones are empty.
            if len(row) > width:
                message = f"{file}, line {begun + 1}: the row has {len(row)} cells, but the header {width}."
                return DataFileError(message, 'A cell with commas in it must stand in quotes: "a, b".')
            begun = rows.line_num
    except csv.Error as error:
        message = f"{file}: the row that begins on line {begun + 1} is not valid CSV: {error}."
        return DataFileError(message, 'A quote within quotes is written twice: "say ""yes""".')
    return None


def _counted(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    return (row for row in rows if row)
