"""Text files of data as ``datasets`` reads them: UTF-8, no byte order mark, commas between a CSV's cells.

A file that is so already is used where it is. Of any other a copy is made in proctor's cache folder,
under a name that holds the original's stamp, and what was done is a note. Weighed and rejected:
handing ``encoding`` and ``sep`` on to ``datasets``, which has no such arguments for a folder with a
README, decodes UTF-16 in chunks and shows its own tracebacks.
"""

# From a file to what is read in its place
# ----------------------------------------
#   all bytes UTF-8, no mark?  -- yes --> no CSV, or commas: the file itself, no copy
#          | no                          other separators:   copy with commas
#   encoding of the task, else a rule of proctor.encodings, else an error with its line
#          |
#   text -> (CSV: commas) -> copy in cache_folder()/data/<stamp of file and options>/<name of file>
#
# Why the name stays: ``datasets`` takes splits and formats from names of files.
# Why the copy is as old as the original: ``datasets`` has the modification time in its own cache key, and a copy that
# is made anew would otherwise be read anew.
# UTF-8 is tested in blocks of 1 MiB, so that a large file that needs no copy is never in memory as a whole.

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.encodings import OLDER, UndecodableError, decode, is_utf8
from proctor.errors import DataError
from proctor.folders import cache_folder
from proctor.tasks.sources.stamps import Stamp, folder_stamp, name_of, stamp

TEXTS = ("json", "csv", "text")
"""Builders whose files are text."""

_OPENERS: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_NAMES_OF_TEXTS = (".json", ".jsonl", ".csv", ".tsv", ".txt")
_KOREAN = "CP949, the encoding of Korean Windows"
_BLOCK = 1 << 20
_HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """The file to be read instead of one, and what is worth knowing about it."""

    path: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a task wants a file to be read. ``encoding`` None: it is found out; ``plain``: CSV as it stands."""

    builder: str
    encoding: str | None = None
    plain: bool = False


_DONE: dict[tuple[Stamp, ReadOptions], PreparedFile] = {}


def prepare(file: str, wanted: ReadOptions) -> PreparedFile:
    """The file as ``datasets`` reads it.

    Raises:
        DataError: it is empty, in an encoding that cannot be told, or no file of this kind at all.
        LookupError: ``wanted.encoding`` names no encoding.
    """
    key = (stamp(file), wanted)
    known = _DONE.get(key)
    # Copies lie in a cache, which may be emptied while the process lives.
    if known is None or not os.path.exists(known.path):
        known = _DONE[key] = _prepare(file, wanted)
    return known


def _prepare(file: str, wanted: ReadOptions) -> PreparedFile:
    try:
        if file.lower().endswith(".zip"):
            return _archive(file)
        head = next(_chunks(file), b"")
        _refuse_other_kinds(file, head, wanted)
        if wanted.encoding is None and is_utf8(_chunks(file)):
            return _as_utf8(file, head, wanted)
        read = decode(b"".join(_chunks(file)), wanted.encoding)
    except UndecodableError as error:
        raise _unreadable(file, error, wanted) from error
    except (OSError, EOFError, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{file} cannot be read: {reason}.") from error
    text, notes = read.text, list[str]()
    if wanted.builder == "csv" and not wanted.plain:
        text, notes = _with_commas(file, text)
    if wanted.encoding is None and read.encoding not in ("utf-8", "utf-8-sig"):
        called = _KOREAN if read.encoding == "cp949" else read.encoding.upper()
        notes.insert(0, f"{file} is not UTF-8; it is read as {called}.")
    return PreparedFile(_write(file, wanted, text), tuple(notes))


def _archive(file: str) -> PreparedFile:
    """An archive of data is unpacked by ``datasets``, which must find UTF-8 in it."""
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                with archive.open(name) as stream:
                    if name.lower().endswith(_NAMES_OF_TEXTS) and not is_utf8(iter(lambda: stream.read(_BLOCK), b"")):
                        message = f"{name} within {file} is not UTF-8 text without a mark."
                        raise DataError(message, hint="Unpack the archive: files outside of one are recognised.")
    except zipfile.BadZipFile as error:
        raise DataError(f"{file} cannot be read as a ZIP archive: {error}.") from error
    return PreparedFile(file)


def _as_utf8(file: str, head: bytes, wanted: ReadOptions) -> PreparedFile:
    """A file that is UTF-8: only a CSV with other separators than commas is written anew."""
    if wanted.builder != "csv" or wanted.plain:
        return PreparedFile(file)
    start = head.decode("utf-8", errors="ignore")
    if _separator(file, start) == ",":
        return PreparedFile(file, tuple(_notes_of_header(file, _header(start))))
    text, notes = _with_commas(file, b"".join(_chunks(file)).decode("utf-8"))
    return PreparedFile(_write(file, wanted, text), tuple(notes))


def _chunks(file: str) -> Iterator[bytes]:
    opener = _OPENERS.get(os.path.splitext(file)[1].lower(), open)
    with opener(file, "rb") as stream:
        while chunk := stream.read(_BLOCK):
            yield chunk


def _refuse_other_kinds(file: str, head: bytes, wanted: ReadOptions) -> None:
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise DataError(f"{file} is empty.")
    # By what a file begins with, not by its name: a workbook may be called data.csv.
    if head.startswith(b"PK\x03\x04"):
        hint = "If it is an Excel workbook, its name must end in .xlsx."
        raise DataError(f"{file} is a ZIP archive, no {wanted.builder} file.", hint=hint)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        hint = "Save it as .xlsx, or as CSV UTF-8."
        raise DataError(f"{file} is a file of an older Excel or Word, no {wanted.builder} file.", hint=hint)
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if wanted.builder == "json" and begins.startswith(b"null"):
        # Such a file ends the process within pyarrow, without a word.
        raise DataError(f"{file} begins with a null row, and a row must be an object.")
    if wanted.builder == "csv" and not wanted.plain and begins.startswith((b'{"', b'[{"', b"{'")):
        raise DataError(f"{file} holds JSON, but is read as CSV.", hint="Write 'dataset_path: json'.")


def _unreadable(file: str, error: UndecodableError, wanted: ReadOptions) -> DataError:
    if wanted.encoding is not None:
        hint = "Say its encoding in dataset_kwargs, or leave 'encoding' out: UTF-8, UTF-16 and CP949 are recognised."
    else:
        hint = (
            "Save it as UTF-8 (Excel: 'CSV UTF-8'), or say what it is in the task file, "
            f"'dataset_kwargs: {{encoding: cp949}}'. Often it is one of {OLDER}."
        )
    return DataError(f"{file}, line {error.line}: the file {error.reason}.", hint=hint)


def _is_tsv(file: str) -> bool:
    return ".tsv" in os.path.basename(file).lower()


def _separator(file: str, text: str) -> str:
    """What stands between the cells of a CSV: what its line ``sep=`` says, or what its header has instead of commas."""
    if _is_tsv(file):
        return "\t"
    first = text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4]
    # A quoted header may hold anything: only a bare one tells.
    if "," in first or '"' in first:
        return ","
    return max(";\t|", key=first.count) if any(mark in first for mark in ";\t|") else ","


def _with_commas(file: str, text: str) -> tuple[str, list[str]]:
    """A CSV's text with commas between its cells, and notes on it."""
    separator = _separator(file, text)
    notes = list[str]()
    stripped = text.lstrip("\r\n")
    if stripped.lower().startswith("sep="):
        text = stripped.split("\n", 1)[1] if "\n" in stripped else ""
    elif separator != "," and not _is_tsv(file):
        notes.append(f"{file} has {separator!r} between its cells instead of commas, and is read so.")
    if separator == ",":
        return text, [*notes, *_notes_of_header(file, _header(text[:_HEAD]))]
    rows = _rows(file, text, separator)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(row for row in rows if row)
    return out.getvalue(), [*notes, *_notes_of_header(file, rows[0] if rows else [])]


def _rows(file: str, text: str, separator: str) -> list[list[str]]:
    limit = csv.field_size_limit(1 << 30)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise DataError(f"{file} cannot be read as CSV: {error}.") from error
    finally:
        csv.field_size_limit(limit)


def _header(text: str) -> list[str]:
    """The first row of a CSV; nothing where it cannot be read, which who reads all of it will say."""
    with suppress(csv.Error):
        return next(csv.reader(io.StringIO(text, newline="")), [])
    return []


def _notes_of_header(file: str, header: list[str]) -> Iterator[str]:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    for name in twice:
        yield f"{file} has {header.count(name)} columns called {name!r}; the second is read as '{name}.1'."


def _write(file: str, wanted: ReadOptions, text: str) -> str:
    """A copy in UTF-8 in the cache folder, as old as the original."""
    name = os.path.basename(file)
    # The copy is unpacked text; under a name in .gz ``datasets`` would try to unpack it.
    name = os.path.splitext(name)[0] if os.path.splitext(name)[1].lower() in _OPENERS else name
    folder = cache_folder() / "data" / name_of([stamp(file), (wanted.builder, wanted.encoding, wanted.plain)])
    copy = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed: another process never sees half a copy.
        scratch = folder / f".{os.getpid()}"
        scratch.write_text(text, encoding="utf-8", newline="")
        with suppress(OSError):
            status = os.stat(file)
            os.utime(scratch, ns=(status.st_mtime_ns, status.st_mtime_ns))
        scratch.replace(copy)
    except OSError as error:
        raise DataError(f"A copy of {file} in UTF-8 cannot be written to {folder}: {error.strerror}.") from error
    except UnicodeEncodeError as error:
        raise DataError(f"{file} holds half a character pair, which is no text.") from error
    return str(copy)


def mirror(folder: str, copies: Mapping[str, str]) -> str:
    """A folder like ``folder``, of links to its files, but with ``copies`` in the place of some of them."""
    folder = os.path.abspath(folder)  # as the keys of copies are
    target = cache_folder() / "data" / name_of([folder_stamp(folder), tuple(copies.items())])
    try:
        for base, _, names in os.walk(folder, followlinks=True):
            for name in names:
                file = os.path.join(base, name)
                _link(copies.get(file, file), target / os.path.relpath(file, folder))
    except OSError as error:
        raise DataError(f"A copy of {folder} in UTF-8 cannot be written to {target}: {error.strerror}.") from error
    return str(target)


def _link(source: str, link: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        link.unlink()
    # Another process that mirrors the same folder may have made it since.
    with suppress(FileExistsError):
        link.symlink_to(source)
