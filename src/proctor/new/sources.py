"""From what the user names to tables: a file, a folder with a file for each subject, rows of a data set."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from proctor.errors import DataError, UsageError
from proctor.new.columns import Chosen, find_layout
from proctor.new.data_sets import PREFIX, read_data_set, read_parquet
from proctor.new.delimited import read_delimited, read_text
from proctor.new.header import Header, find_header, numbered, table_of
from proctor.new.json_rows import read_json
from proctor.new.request import NewTaskRequest
from proctor.new.table import AmbiguityError, RawRow, Table, Unit, source_named
from proctor.new.workbook import EVERY, read_sheets
from proctor.tasks.similar_names import similar_file
from proctor.tasks.sources.paths import unread_format
from proctor.tasks.sources.sheets import CARDS

SPLITS: Mapping[str, str] = {
    "test": "test", "eval": "test", "evaluation": "test", "평가": "test", "시험": "test",
    "dev": "dev", "fewshot": "dev", "train": "train", "training": "train", "학습": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "검증": "validation",
}  # fmt: skip
"""Words for splits -> their names."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that tables were read from. ``sha256``: of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """The tables of a source, and the files that they come from (none: rows of a data set)."""

    tables: tuple[Table, ...]
    files: tuple[ReadFile, ...]


Reader = Callable[[str, NewTaskRequest], list[Table]]


def read_source(request: NewTaskRequest) -> Source:
    """The tables that a request names.

    Args:
        request: What is wanted.

    Raises:
        UsageError: There is nothing of that name, or a flag decides between readings.
        DataError: It cannot be read.
    """
    if request.source.startswith(PREFIX):
        return Source(tuple(read_data_set(request.source, request.chosen.split)), ())
    path = os.path.expanduser(request.source)
    if os.path.isdir(path):
        return _folder(path, request)
    return Source(tuple(read_file(path, request)), (_known(path),))


def _known(path: str) -> ReadFile:
    with open(path, "rb") as file:
        return ReadFile(path, hashlib.file_digest(file, "sha256").hexdigest())


def read_file(path: str, request: NewTaskRequest) -> list[Table]:
    """The tables of one file.

    Args:
        path: The file.
        request: The encoding, the sheet, the columns that the user names.

    Raises:
        UsageError: There is no such file, or a flag decides between readings.
        DataError: It cannot be read.
    """
    if not os.path.exists(path):
        near = similar_file(os.path.abspath(path), lambda name: Path(name).suffix.lower() in READERS)
        raise UsageError(f"There is no file {path!r}.", hint=near)
    suffix = Path(path).suffix.lower()
    if suffix not in READERS:
        why = unread_format(path) or f"{path}: a file that ends in {suffix or 'nothing'} is not read."
        raise DataError(why, hint=f"Save it as one of {', '.join(READERS)}.")
    tables = READERS[suffix](path, request)
    if not any(table.rows or table.bad for table in tables):
        raise DataError(f"{path} holds a header and no row." if tables else f"{path} holds nothing.")
    return tables


def _delimited(path: str, request: NewTaskRequest) -> list[Table]:
    lines = read_delimited(path, request.encoding)
    return [name_columns(path, lines.rows, request.chosen, "line", lines.notes)]


def _json(path: str, request: NewTaskRequest) -> list[Table]:
    text, notes = read_text(path, request.encoding)
    return [read_json(path, text, notes)]


def _workbook(path: str, request: NewTaskRequest) -> list[Table]:
    sheets = read_sheets(path, request.sheet, tuple(SPLITS))
    if len(sheets) == 1:
        ((_, rows, notes),) = sheets
        return [name_columns(path, rows, request.chosen, "cell", notes)]
    tables = [
        (name, name_columns(f"{path}, sheet {name!r}", rows, request.chosen, "cell", notes))
        for name, rows, notes in sheets
    ]
    if request.sheet == EVERY:
        return [replace(table, subject=name) for name, table in tables]
    return [replace(table, split=SPLITS[name.strip().lower()]) for name, table in tables]


READERS: dict[str, Reader] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".txt": _delimited,
    ".xlsx": _workbook,
    ".xlsm": _workbook,
    ".json": _json,
    ".jsonl": _json,
    ".ndjson": _json,
    ".parquet": lambda path, _: [read_parquet(path)],
}
"""Suffix of a file -> what reads it."""


def name_columns(
    source: str, rows: tuple[RawRow, ...], chosen: Chosen, unit: Unit, notes: tuple[str, ...] = ()
) -> Table:
    """A table of rows whose header is to be found; where the first row is a document like the others, it has none.

    Args:
        source: The file.
        rows: All rows that hold anything.
        chosen: The columns that the user names.
        unit: How places are named.
        notes: What is worth knowing.
    """
    named = {chosen.question, chosen.answer, chosen.context, chosen.group, chosen.id, *chosen.choices} - {None}
    with source_named(source):
        header = find_header(rows, [str(name) for name in named])
    if header.known == 0 and (bare := _without_header(source, rows, chosen, unit, notes)) is not None:
        return bare
    return table_of(source, rows, header, unit, notes)


def _without_header(
    source: str, rows: tuple[RawRow, ...], chosen: Chosen, unit: Unit, notes: tuple[str, ...]
) -> Table | None:
    """The table with numbered columns, if its layout can be found by what all rows hold, the first one too."""
    width = len(rows[0].cells)
    table = table_of(source, rows, Header(numbered(width), 0, 0), unit, notes)
    try:
        find_layout(table, replace(chosen, question=None) if chosen.question not in table.columns else chosen)
    except (AmbiguityError, UsageError, DataError):
        return None
    return table.with_notes("no header: the first row is a document")


# ---------------------------------------------------------------- folders

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
"""What the files of a data set on the hub have behind the name of their split."""

_ENDING = re.compile(rf"(?P<stem>.*?)[_\-. ]?(?P<split>{'|'.join(SPLITS)})", re.IGNORECASE)


def _folder(path: str, request: NewTaskRequest) -> Source:
    names = sorted(
        os.path.relpath(os.path.join(folder, name), path)
        for folder, _, files in os.walk(path)
        for name in files
        if Path(name).suffix.lower() in READERS and not name.startswith((".", "~$")) and name not in CARDS
    )
    if not names:
        raise DataError(f"{path} holds no table.", hint=f"A table is a file that ends in {', '.join(READERS)}.")
    tables = list[Table]()
    for name in names:
        subject, split = subject_and_split(name)
        for table in read_file(os.path.join(path, name), request):
            parts = [part for part in (subject, table.subject) if part]
            tables.append(replace(table, subject=" ".join(parts) or None, split=split or table.split))
    return Source(tuple(tables), tuple(_known(os.path.join(path, name)) for name in names))


def subject_and_split(name: str) -> tuple[str, str | None]:
    """What a file's name says: ``한국사_dev.csv`` is the subject ``한국사`` and the split ``dev``.

    Args:
        name: The name, relative to the folder: a folder ``dev`` is a split as well.
    """
    path = Path(unicodedata.normalize("NFC", name))  # macOS writes decomposed letters
    path = path.with_name(_SHARD.sub("", path.stem) + path.suffix)
    if _SHARD.search(Path(name).stem) and path.parts[0] == "data":  # data/test-00000-of-00001.parquet
        path = Path(*path.parts[1:])
    folders = [part for part in path.parts[:-1] if part.lower() not in SPLITS]
    split = next((SPLITS[part.lower()] for part in path.parts[:-1] if part.lower() in SPLITS), None)
    match = _ENDING.fullmatch(path.stem)
    stem = path.stem
    if match is not None and (not match["stem"] or path.stem[len(match["stem"])] in "_-. "):
        stem, split = match["stem"], SPLITS[match["split"].lower()]
    return "_".join([*folders, stem] if stem else folders), split
