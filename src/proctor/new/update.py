"""A task folder whose source has changed: what is different, and which files a user has changed by hand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import UsageError
from proctor.files import read_text
from proctor.new.folder import SETTINGS, sha256_of

MOST_SHOWN = 20
"""Documents that are listed as different."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What an update changes.

    Attributes:
        lines: One line for each document that is different, the first of them.
        by_hand: Task files that are not as they were written; they are kept.
        written: The other files whose texts are not those in the folder.
        gone: Files of data that the task has no more.
    """

    lines: tuple[str, ...]
    by_hand: tuple[str, ...]
    written: tuple[str, ...]
    gone: tuple[str, ...]


def stored_settings(folder: Path) -> dict[str, Any]:
    """The settings with which a folder was written.

    Args:
        folder: The task's folder.

    Raises:
        UsageError: It is none that ``proctor new`` wrote.
    """
    try:
        document = json.loads(read_text(folder / SETTINGS))
        settings = dict(document["settings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "Name the source as well: proctor new NAME SOURCE."
        raise UsageError(
            f"{folder} is no folder that 'proctor new' wrote: {SETTINGS} cannot be read.", hint=hint
        ) from error
    for key in ("source", "shots"):
        value = settings.get(key)
        if isinstance(value, str) and not value.startswith("hf:"):
            settings[key] = os.path.relpath(folder / value)
    return settings


def difference(folder: Path, files: Mapping[str, str]) -> Difference:
    """What writing files into a folder would change.

    Args:
        folder: The task's folder.
        files: The files by name, as they would be written.
    """
    texts = {name: _text(folder / name) for name in (*files, *_data_files(folder))}
    before = _documents({name: text for name, text in texts.items() if name.endswith(".jsonl")})
    after = _documents({path: text for path, text in files.items() if path.endswith(".jsonl")})
    digests = json.loads(_text(folder / SETTINGS) or "{}").get("written", {})
    other = [name for name in files if texts[name] != files[name]]
    by_hand = [name for name in other if name in digests and texts[name] and sha256_of(texts[name]) != digests[name]]
    written = [name for name in other if name not in by_hand]
    gone = [path for path in _data_files(folder) if path not in files]
    return Difference(tuple(_changes(before, after)), tuple(by_hand), tuple(written), tuple(gone))


def _data_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in (folder / "data").rglob("*.jsonl"))


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError):
        return ""


def _documents(files: Mapping[str, str]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Documents by file and id; of equal ids the second is the id's second."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for path, text in files.items():
        for line in filter(None, text.split("\n")):
            document = json.loads(line)
            key, count = (path, str(document.get("id"))), 2
            while key in found:
                key, count = (path, f"{document.get('id')} ({count})"), count + 1
            found[key] = document
    return found


def _changes(
    before: Mapping[tuple[str, str], Mapping[str, Any]], after: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[str]:
    new = [key for key in after if key not in before]
    gone = [key for key in before if key not in after]
    other = {key: changed for key in after if key in before and (changed := _keys(before[key], after[key]))}
    same = len(after) - len(new) - len(other)
    yield f"{len(new):,} new, {len(gone):,} gone, {len(other):,} changed, {same:,} the same"
    lines = [f"  changed  {path}, id {name}: {_shown(before[path, name], after[path, name], keys)}"
             for (path, name), keys in other.items()]  # fmt: skip
    lines += [f"  new      {path}, id {name}" for path, name in new] + [
        f"  gone     {path}, id {name}" for path, name in gone
    ]
    yield from lines[:MOST_SHOWN]
    if len(lines) > MOST_SHOWN:
        yield f"  and {len(lines) - MOST_SHOWN:,} more"


def _keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
    """The keys with other values; a document that only stands on another line is the same."""
    return [key for key in dict.fromkeys((*one, *other)) if key != "source_line" and one.get(key) != other.get(key)]


def _shown(one: Mapping[str, Any], other: Mapping[str, Any], keys: Sequence[str]) -> str:
    key = keys[0]
    more = f" and {', '.join(keys[1:])}" if len(keys) > 1 else ""
    return f"{key} {_short(one.get(key))} -> {_short(other.get(key))}{more}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 50 else f"{text[:47]}..."
