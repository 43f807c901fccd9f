"""Tables written as CSV, JSON lines, Excel's workbooks and Parquet, a row at a time."""

# A cell of text that begins with = + - @ is a formula for a spreadsheet, and a model may write such texts: in CSV it
# gets an apostrophe before it (and NUL, at which many readers of CSV stop, becomes U+FFFD), in a workbook it is marked
# as a text. Numbers are no texts, so negative ones stay as
# they are. JSON lines and Parquet have types, and nothing is changed there.

from __future__ import annotations

import csv
import io
import json
import logging
import math
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from proctor.errors import MissingExtraError, OutputError, UsageError
from proctor.lazy import install_extra

log = logging.getLogger("proctor")

Columns = Mapping[str, str]
"""Name -> "text", "integer", "number", "texts" or "integers"."""
Rows = Iterator[Mapping[str, Any]]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Wide signs begin a formula where Excel speaks Japanese."""
_MOST_ROWS, _LONGEST_CELL = 1_048_576, 32_767
"""Limits of Excel."""
_BLOCK = 1_000
_NO_TIME = datetime(1980, 1, 1)
"""The earliest time that an archive knows."""

# What XML, and so a workbook, cannot hold; and half a surrogate pair, which no file can.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def has_metadata(path: str) -> bool:
    """Whether a table of that name can say more of itself than its columns do.

    Args:
        path: Its name.
    """
    return Path(path).suffix.lower() == ".parquet"


def write_table(
    path: str, columns: Columns, rows: Rows, *, excel: bool = False, metadata: Mapping[str, str] | None = None
) -> int:
    """Write a table in the format that the file's name says.

    Args:
        path: Where; ends in .csv, .jsonl, .xlsx or .parquet.
        columns: Names and kinds.
        rows: A mapping by column for each row.
        excel: Whether a CSV begins with a byte order mark, by which Excel knows UTF-8.
        metadata: What else a file says that :func:`has_metadata`.

    Returns:
        The number of rows.

    Raises:
        UsageError: The name says no format that is written.
        OutputError: It cannot be written.
        MissingExtraError: A workbook is wanted and openpyxl is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"--output {path}: no such format.", hint=f"A name ends in {', '.join(FORMATS)}.")
    if excel and suffix != ".csv":
        raise UsageError(f"--excel is for .csv alone, not for {suffix}.")
    with _whole(Path(path)) as part:
        if suffix == ".csv":
            return _write_csv(part, columns, rows, excel=excel)
        if suffix == ".parquet":
            return _write_parquet(part, columns, rows, metadata)
        return FORMATS[suffix](part, columns, rows)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place when all of it is written."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _utf8(value: Any) -> Any:
    """A text without half surrogate pairs, which a model's bytes can leave behind."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _flat(value: Any) -> Any:
    """A value as one cell: lists as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def _write_csv(path: Path, columns: Columns, rows: Rows, *, excel: bool = False) -> int:
    with path.open("w", encoding="utf-8-sig" if excel else "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_quoted(_utf8(name)) for name in columns])
        count = 0
        for row in rows:
            writer.writerow([_quoted(_utf8(_flat(row.get(name)))) for name in columns])
            count += 1
    return count


def _quoted(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "\ufffd")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_jsonl(path: Path, columns: Columns, rows: Rows) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            # As in the other formats: an escape of half a pair is valid JSON, and pandas and pyarrow refuse it.
            values = {_utf8(name): _typed(row.get(name), kind) for name, kind in columns.items()}
            file.write(f"{json.dumps(values, ensure_ascii=False, allow_nan=False)}\n")
            count += 1
    return count


def _write_xlsx(path: Path, columns: Columns, rows: Rows) -> int:
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ModuleNotFoundError as error:
        hint = f"Install it with: pip install openpyxl, or {install_extra('xlsx')}. Or write .csv with --excel."
        raise MissingExtraError(
            "A workbook needs the package 'openpyxl', which is not installed.", hint=hint
        ) from error

    book = Workbook(write_only=True)
    sheet = book.create_sheet("samples")
    sheet.freeze_panes = "A2"

    longer = Counter[str]()

    def cell(value: Any, column: str = "") -> Any:
        if not isinstance(value, str):
            return value
        text = _excel_text(value)
        longer[column] += len(text) < len(value)
        made = WriteOnlyCell(sheet, text)
        made.data_type = "s"  # else a text that begins with = is a formula
        return made

    sheet.append([cell(name) for name in columns])
    count = 0
    try:
        for row in rows:
            count += 1
            if count >= _MOST_ROWS:
                raise UsageError(
                    f"A workbook holds {_MOST_ROWS - 1:,} rows.", hint="Write .csv or .parquet, or take --tasks."
                )
            sheet.append([cell(_flat(row.get(name)), name) for name in columns])
    except BaseException:
        with suppress(Exception):
            sheet.close()  # a sheet that is left open prints a traceback when Python collects it
        raise
    path.write_bytes(_packed(book))
    if cut := [f"{number:,} of {name!r}" for name, number in longer.items() if number]:
        log.warning(
            "Excel holds %s letters in a cell: cut are %s. .csv, .parquet and .jsonl hold all of them.",
            f"{_LONGEST_CELL:,}", ", ".join(cut),
        )  # fmt: skip
    return count


class _UndatedArchive(zipfile.ZipFile):
    """An archive whose members have no time of their own: the same rows give the same bytes."""

    def writestr(self, zinfo_or_arcname: str | zipfile.ZipInfo, *args: Any, **kwargs: Any) -> None:
        name = zinfo_or_arcname if isinstance(zinfo_or_arcname, str) else zinfo_or_arcname.filename
        super().writestr(_undated(name), *args, **kwargs)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **kwargs: Any) -> None:
        with open(filename, "rb") as file, self.open(_undated(arcname), "w", force_zip64=True) as member:
            shutil.copyfileobj(file, member)


def _undated(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _NO_TIME.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _packed(book: Any) -> memoryview:
    """A workbook as a file's bytes. ``book.save`` would write when it was saved."""
    from openpyxl.writer.excel import ExcelWriter

    book.properties.created = book.properties.modified = _NO_TIME
    packed = io.BytesIO()  # an archive that could not be written prints a traceback, on a full disk
    with _UndatedArchive(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    return packed.getbuffer()


def _excel_text(value: str) -> str:
    """What a cell of a workbook can hold of a text: Excel counts in UTF-16, in which an emoji is two letters."""
    text = _NO_XML.sub("\ufffd", value)
    if len(text) * 2 <= _LONGEST_CELL:
        return text
    return text.encode("utf-16-le")[: _LONGEST_CELL * 2].decode("utf-16-le", "ignore")


def _write_parquet(path: Path, columns: Columns, rows: Rows, metadata: Mapping[str, str] | None = None) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        "text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "texts": pa.list_(pa.string()),
        "integers": pa.list_(pa.int64()),
    }  # fmt: skip
    schema = pa.schema([(_utf8(name), kinds[kind]) for name, kind in columns.items()], metadata=metadata or None)
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while block := list(islice(rows, _BLOCK)):
            arrays = [
                pa.array([_typed(row.get(name), kind) for row in block], kinds[kind]) for name, kind in columns.items()
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(block)
    return count


def _typed(value: Any, kind: str) -> Any:
    if kind == "number" and isinstance(value, float) and math.isnan(value):
        return None
    return [_utf8(one) for one in value] if isinstance(value, list) else _utf8(value)


FORMATS: Mapping[str, Callable[[Path, Columns, Rows], int]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".xlsx": _write_xlsx,
    ".parquet": _write_parquet,
}
"""The end of a file's name -> what writes it."""
