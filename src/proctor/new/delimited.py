"""CSV and TSV as people have them: whatever encoding and separator, line breaks in quotes, lines that are known."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.encodings import OLDER, UndecodableError, decode
from proctor.errors import DataError, UsageError
from proctor.files import read_bytes
from proctor.new.table import RawRow

SEPARATORS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_ENCODINGS = {"utf-8-sig": "UTF-8 with a byte order mark", "utf-16": "UTF-16", "cp949": "CP949 (Korean Windows)"}
LARGEST = 1 << 30
"""Bytes of a file that are read."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of a text file that hold anything, and what is worth knowing about how they were read."""

    rows: tuple[RawRow, ...]
    notes: tuple[str, ...]


class _QuoteError(ValueError):
    """A quote that does not close, or is followed by text. ``line``: where the row begins."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


def read_text(path: str, encoding: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The text of a file of data, and a note where it is not UTF-8.

    Args:
        path: The file.
        encoding: What it is in; None: decided by rule, over the whole file.

    Raises:
        DataError: It cannot be told what it is in, or it is not what was said.
        UsageError: There is no encoding of that name.
    """
    data = read_bytes(path, largest=LARGEST)
    try:
        decoded = decode(data, encoding)
    except LookupError as error:
        raise UsageError(f"--encoding {encoding}: there is no such encoding.", hint=f"There are: {OLDER}.") from error
    except UndecodableError as error:
        hint = f"Say what it is in with --encoding: {OLDER}. Or save it as UTF-8." if encoding is None else None
        raise DataError(f"{path}, line {error.line}: it {error.reason}.", hint=hint) from error
    name = decoded.encoding.lower()
    return decoded.text, () if name == "utf-8" else (f"read as {_ENCODINGS.get(name, name.upper())}",)


def read_delimited(path: str, encoding: str | None = None) -> Lines:
    """The rows of a CSV or TSV file.

    Args:
        path: The file.
        encoding: What it is in; None: decided by rule.

    Raises:
        DataError: It cannot be read; the message names the line.
        UsageError: There is no encoding of that name.
    """
    text, notes = read_text(path, encoding)
    tried: dict[str, tuple[RawRow, ...]] = {}
    errors: dict[str, _QuoteError] = {}
    for separator in SEPARATORS:
        try:
            tried[separator] = tuple(_rows(text, separator))
        except _QuoteError as error:
            errors[separator] = error
    best = max(tried, key=lambda one: _worth(tried[one]), default=None)
    if best is None or (_worth(tried[best])[1] < 2 and errors):
        error = errors[","] if "," in errors else next(iter(errors.values()))
        raise DataError(f"{path}, line {error.line}: {error.why}.", hint='Within quotes a quote is written twice: "".')
    if not tried[best]:
        raise DataError(f"{path} holds nothing.")
    if _worth(tried[best])[1] < 2:
        raise DataError(f"{path} has one column.", hint="A table has a column for the question and one for the answer.")
    usual = "\t" if path.lower().endswith(".tsv") else ","
    return Lines(tried[best], (*notes, *(() if best == usual else (f"its cells are separated by {_NAMES[best]}",))))


def _worth(rows: Sequence[RawRow]) -> tuple[float, int]:
    """How well a separator splits: the share of rows that have the commonest number of cells, and that number."""
    widths = Counter(len(row.cells) for row in rows)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return (count / len(rows) if width > 1 else 0.0), width


def _rows(text: str, separator: str) -> list[RawRow]:
    limit = csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, line = list[RawRow](), 1
    try:
        # A quoted cell may hold line breaks: a row begins on the line after the last one of the row before.
        for cells in reader:
            row = RawRow(line, tuple(cells))
            line = reader.line_num + 1
            if not row.is_blank:
                rows.append(row)
    except csv.Error as error:
        why = "a quote is opened that nothing closes" if "end of data" in str(error) else "a quote closes in mid-cell"
        raise _QuoteError(line, why) from error
    finally:
        csv.field_size_limit(limit)
    return rows
