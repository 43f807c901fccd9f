"""Which files or folders of this machine a task's data keys mean.

A relative path is looked for beside the task file, then in the working directory (lm-eval: only
there). A path that is not there as written is tried with Korean letters composed and decomposed
(macOS decomposes them in names) and with Windows' backslashes as slashes.
"""

from __future__ import annotations

import glob
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from proctor.tasks.similar_names import similar_file
from proctor.tasks.sources.saved import is_saved

BUILDERS: Mapping[str, str] = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
"""Suffix of a data file -> what reads it: a builder of ``datasets``, or ``sheets``."""

PACKED = (".gz", ".bz2", ".xz")
LOCAL_BUILDERS = ("json", "csv", "parquet", "text", "arrow", "xlsx")
WORKBOOKS = ("xlsx", "excel")
"""What ``dataset_path`` may say for workbooks in ``data_files``."""

_UNREAD: Mapping[str, str] = {
    ".xls": "Excel's format of before 2007",
    ".xlsb": "Excel's binary format",
    ".ods": "a spreadsheet of LibreOffice",
    ".numbers": "a spreadsheet of Numbers",
    ".hwp": "a document of Hangul",
    ".hwpx": "a document of Hangul",
    ".docx": "a document of Word",
    ".pdf": "a PDF document",
}
_GLOB = frozenset("*?[")


def builder_of(path: str) -> str | None:
    """What reads a file of this name, or None."""
    stem, suffix = os.path.splitext(path.lower())
    return BUILDERS.get(os.path.splitext(stem)[1] if suffix in PACKED else suffix)


def unread_format(path: str) -> str | None:
    """The sentence for a file whose format is not read, or None."""
    kind = _UNREAD.get(os.path.splitext(path.lower())[1])
    return None if kind is None else f"{path} is {kind}, which is not read."


def beside(folder: str | None, value: Any) -> Any:
    """``value`` (a path, a list or a mapping of them) with what there is on this machine in the place of its paths."""
    if isinstance(value, Mapping):
        return {key: beside(folder, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [beside(folder, item) for item in value]
    if not isinstance(value, str) or "://" in value:
        return value
    path_there = next((path for path in _candidates(folder, os.path.expanduser(value)) if exists(path)), None)
    return value if path_there is None else path_there


def _candidates(folder: str | None, value: str) -> Iterator[str]:
    slashed = value.replace("\\", "/")
    for text in dict.fromkeys((value, slashed)):
        # lm-eval: only the working directory. Beside the task file first, since a task folder is handed around as one.
        for base in dict.fromkeys((folder or "", "")):
            path = os.path.normpath(os.path.join(base, text)) if base else text
            yield path
            # macOS decomposes Korean names (NFD) when files are copied from it; a YAML file is typed composed (NFC).
            if not path.isascii():
                yield from (unicodedata.normalize(form, path) for form in ("NFC", "NFD"))


def exists(path: str) -> bool:
    """Whether there is such a file or folder, or one that matches the pattern."""
    try:
        return bool(glob.glob(path, recursive=True)) if _GLOB & set(path) else os.path.exists(path)
    except (OSError, ValueError):  # no name that a file could have
        return False


def data_folder_beside(folder: str, name: str) -> str | None:
    """The folder called ``name`` beside the task file, if it holds data and the working directory has none such.

    A folder of task files often has the name of the hub's data set that they use: one without data
    is not what is meant.
    """
    path = beside(folder, name)
    if path == name or os.path.isdir(name) or not os.path.isdir(path):
        return None
    return path if is_saved(path) or any(builder_of(file) for file in _names(Path(path))) else None


def _names(folder: Path) -> Iterator[str]:
    # Two levels: data sets of the hub have their files in "data" or in a folder for each configuration.
    for depth in ("*", "*/*"):
        yield from (path.name for path in folder.glob(depth) if not path.name.startswith("."))


def files_of(value: Any) -> Iterator[str]:
    """Every path in the value of ``data_files``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from files_of(item)
    elif isinstance(value, Iterable):
        for item in value:
            yield from files_of(item)


def expand(value: Any) -> dict[str, list[str]]:
    """``data_files`` as files by split, globs resolved in the order of their names."""
    by_split = value if isinstance(value, Mapping) else {"train": value}
    return {
        # Sorted, because glob's order is that of the file system, and the order of documents decides few-shot draws.
        str(split): [file for path in files_of(paths) for file in (sorted(glob.glob(path)) or [path])]
        for split, paths in by_split.items()
    }


def not_there(path: str, folder: str | None) -> tuple[str, str | None]:
    """Sentence and remedy for a file that does not exist."""
    slashed = path.replace("\\", "/")
    bases = [folder] if folder is not None and not os.path.isabs(slashed) else []
    places = dict.fromkeys(os.path.abspath(os.path.join(base, slashed)) for base in (*bases, ""))
    hint = None
    for place in places:
        hint = hint or similar_file(place, lambda entry: builder_of(entry) is not None)
    windows = path[1:3] in (":\\", ":/")
    if windows:
        return f"there is no file {path} on this machine.", "A path of Windows means nothing here: give this machine's."
    return f"there is no file {path} (looked for {' and '.join(places)}).", hint
