"""Samples files as Parquet: columns that other programs can read, and every line as it was."""

# A column for each key of the samples: numbers and texts as such, all else (documents, arguments, responses) as JSON in
# a text. What a column is follows from the first lines; a value that does not fit its column, or a key without one,
# stands in the column "rest", as JSON by key. So nothing is lost, and what is read is equal to the line of the JSON
# lines: a test holds it for values of every kind. In the file's metadata, ``proctor_samples`` names the columns that
# hold JSON.
#
# Groups of rows are small, so that one sample can be read without the whole file.

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

from proctor.errors import DataError, MissingExtraError, error_text
from proctor.results.encode import dumps

MAGIC = b"PAR1"
_MARK = b"proctor_samples"
_REST = "rest"
_LOOKED_AT, _GROUP = 1_000, 1_000
_LARGEST = 2**63


def check_pyarrow() -> None:
    """Make sure, before a run, that Parquet can be written.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401 - to be tried
    except ImportError as error:
        raise MissingExtraError(
            f"--log_samples parquet needs the package 'pyarrow': {error}.",
            hint="Install it with: pip install pyarrow. Or write --log_samples jsonl.gz.",
        ) from error


def write_parquet_samples(lines: Iterable[Mapping[str, Any]], file: Path) -> None:
    """Write samples.

    Args:
        lines: The samples, one at a time.
        file: Where.

    Raises:
        OSError: It cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    lines = iter(lines)
    first = list(islice(lines, _LOOKED_AT))
    kinds = {key: _kind([line[key] for line in first if key in line]) for key in dict.fromkeys(chain(*first))}
    kinds.pop(_REST, None)
    types = {"integer": pa.int64(), "number": pa.float64(), "text": pa.string(), "json": pa.string()}
    marked = {_MARK: json.dumps([key for key, kind in kinds.items() if kind == "json"]).encode("ascii")}
    schema = pa.schema([*((key, types[kind]) for key, kind in kinds.items()), (_REST, pa.string())], metadata=marked)
    every = chain(first, lines)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while block := list(islice(every, _GROUP)):
            rows = [_row(line, kinds) for line in block]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _kind(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values}
    if kinds == {int}:
        return "integer"
    if kinds == {float}:
        return "number"
    return "text" if kinds == {str} else "json"


def _row(line: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, value in line.items():
        kind = kinds.get(key)
        if kind is not None and _fits(value, kind):
            row[key] = dumps(value) if kind == "json" else value
        else:
            rest[key] = value
    if rest:
        row[_REST] = dumps(rest)
    return row


def _fits(value: Any, kind: str) -> bool:
    """Whether a value is read from such a column as it was written."""
    if kind == "integer":
        return type(value) is int and -_LARGEST <= value < _LARGEST
    if kind == "number":
        return type(value) is float
    if kind == "text":
        # Half a surrogate pair is no UTF-8; in JSON it has an escape.
        return type(value) is str and (value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value))
    return True


def read_parquet_samples(file: Path) -> Iterator[dict[str, Any]]:
    """Read samples.

    Args:
        file: A file of :func:`write_parquet_samples`.

    Raises:
        DataError: It cannot be read, or is another table.
        MissingExtraError: pyarrow is not installed.
    """
    with opened_table(file) as table:
        marked = (table.schema_arrow.metadata or {}).get(_MARK)
        if marked is None:
            raise DataError(
                f"{file} is a table, and no samples file.",
                hint="Samples are in the Parquet files of --log_samples parquet, and of export without --columns.",
            )
        of_json = frozenset(json.loads(marked))
        for batch in table.iter_batches(batch_size=_GROUP):
            for row in batch.to_pylist():
                yield _line(row, of_json)


@contextmanager
def opened_table(file: Path) -> Iterator[Any]:
    """A Parquet file, open for reading: pyarrow's ``ParquetFile``.

    Args:
        file: The file.

    Raises:
        DataError: It cannot be read, now or while it is open.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError(
            f"{file} needs the package 'pyarrow': {error}.", hint="Install it with: pip install pyarrow."
        ) from error
    try:
        with parquet.ParquetFile(file) as table:
            yield table
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DataError(f"{file} cannot be read: {error_text(error).rstrip('.')}.") from error


def _line(row: Mapping[str, Any], of_json: frozenset[str]) -> dict[str, Any]:
    line = {key: json.loads(value) if key in of_json else value for key, value in row.items() if value is not None}
    return line | json.loads(row[_REST]) if line.pop(_REST, None) is not None else line
