"""What whoever looks at runs writes about them: notes on runs, flags on questions. The only thing that view writes."""

# Where it stands
# ---------------
# In the folder that is looked at, so that it goes where the results go, and ``--exclude FOLDER/flags.jsonl`` finds it;
# beside the index where several paths are looked at, or where the folder cannot be written to. Never in the index: that
# is made again whenever it is needed, and what somebody wrote is not.
#
#   flags.jsonl    {"task": …, "doc_id": …, "doc_hash": …, "flag": …, "note": …}: the lines that a report gives out
#   notes.jsonl    {"run": its results file, "note": …}; below the folder as a path from there, so that a copy has them
#
# Both are files for people, who may have edited them: a line that is of something else stays as it is, and a file with
# a line that is not JSON is not written to. A file is replaced as a whole, by one process at a time (``folder_lock``):
# two servers of one folder lose nothing of each other's, on one machine or on several that share it over a network.

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from proctor.errors import OutputError, UsageError
from proctor.files import read_text
from proctor.results.encode import dumps
from proctor.view.folder_lock import locked

FLAGS = ("bad_key", "unclear", "duplicate", "other")
"""What a question can be flagged as."""
LONGEST_NOTE = 2_000
"""Letters."""
MOST_LINES = 20_000
_LONGEST_NAME = 1_000
_HASH = re.compile(r"[0-9a-f]{64}")


class Annotations:
    """Notes and flags on disk.

    Args:
        paths: What is looked at, as the command line has it.
        beside: The index.
    """

    def __init__(self, paths: Sequence[str], beside: Path) -> None:
        self._place = Path(os.path.abspath(os.path.expanduser(paths[0]))) if len(paths) == 1 else None
        self._beside = beside
        self._lock = threading.Lock()

    def _folder(self) -> Path | None:
        """The folder that is looked at, if there is one to write to: it may be made after the start."""
        place = self._place
        return place if place is not None and place.is_dir() and os.access(place, os.W_OK) else None

    def _file(self, name: str) -> Path:
        folder = self._folder()
        # Beside the index by its name: several sets of paths share the cache folder.
        return self._beside.with_name(f"{self._beside.stem}.{name}") if folder is None else folder / name

    @contextmanager
    def _writing(self, file: Path) -> Iterator[None]:
        """While a file is read and replaced: of this process one thread, of all others one, wherever they are."""
        with self._lock, locked(file.parent):
            yield

    @property
    def flags_file(self) -> Path:
        """Where flags stand."""
        return self._file("flags.jsonl")

    @property
    def notes_file(self) -> Path:
        """Where notes stand."""
        return self._file("notes.jsonl")

    def flags(self) -> list[dict[str, Any]]:
        """The flagged questions, one line each.

        Raises:
            UsageError: The file cannot be read.
        """
        lines = (line for line in _lines(self.flags_file) if isinstance(line.get("task"), str))
        return [line for line in lines if line.get("flags") != []]

    def flag(self, value: Mapping[str, Any]) -> None:
        """Put a flag on a question, or take it away.

        Args:
            value: ``task``, ``doc_id``, ``doc_hash`` (null where a file has none), ``flag`` (null: none), ``note``.

        Raises:
            UsageError: It is not that, or the file cannot be read.
            OutputError: The file cannot be written.
        """
        wanted = _checked_flag(value)
        mark = _mark(wanted)
        with self._writing(self.flags_file):
            others = [line for line in _lines(self.flags_file) if _mark(line) != mark]
            _write(self.flags_file, [*others, *([wanted] if wanted["flag"] is not None else [])])

    def notes(self) -> Mapping[str, str]:
        """Notes by the place of a run's results file, as :meth:`place_of` has it.

        Raises:
            UsageError: The file cannot be read.
        """
        lines = _lines(self.notes_file)
        return {line["run"]: str(line.get("note", "")) for line in lines if isinstance(line.get("run"), str)}

    def note(self, source: str, note: Any) -> None:
        """Write a note on a run.

        Args:
            source: Its results file.
            note: The text; "" takes it away.

        Raises:
            UsageError: It is no text or too long, or the file cannot be read.
            OutputError: The file cannot be written.
        """
        text, place = _checked_note(note).strip(), self.place_of(source)
        with self._writing(self.notes_file):
            others = [line for line in _lines(self.notes_file) if line.get("run") != place]
            _write(self.notes_file, [*others, *([{"run": place, "note": text}] if text else [])])

    def place_of(self, source: str) -> str:
        """What a run is called here: its results file, from the folder if it is below that.

        Args:
            source: Its results file.
        """
        place, folder = Path(os.path.abspath(source)), self._folder()
        inside = folder is not None and place.is_relative_to(folder)
        return place.relative_to(folder).as_posix() if folder is not None and inside else str(place)


def _checked_flag(value: Mapping[str, Any]) -> dict[str, Any]:
    task, number, key, flag = (value.get(name) for name in ("task", "doc_id", "doc_hash", "flag"))
    if not isinstance(task, str) or not 0 < len(task) <= _LONGEST_NAME:
        raise UsageError("A flag names a 'task'.")
    if type(number) is not int or abs(number) >> 63:
        raise UsageError("A flag has a 'doc_id', a whole number.")
    if key is not None and not (isinstance(key, str) and _HASH.fullmatch(key)):
        raise UsageError("A flag's 'doc_hash' has 64 hexadecimal digits, or is null where a file has none.")
    if flag is not None and flag not in FLAGS:
        raise UsageError(f"A flag is {', '.join(FLAGS)}, or null: none.")
    return {"task": task, "doc_id": number, "doc_hash": key, "flag": flag, "note": _checked_note(value.get("note", ""))}


def _checked_note(note: Any) -> str:
    if not isinstance(note, str):
        raise UsageError("A note is a text.")
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"A note has up to {LONGEST_NOTE:,} letters, not {len(note):,}.")
    return note


def _mark(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Which question a line is of."""
    key = line.get("doc_hash")
    return (line.get("task"), key) if isinstance(key, str) else (line.get("task"), None, line.get("doc_id"))


def _lines(file: Path) -> list[dict[str, Any]]:
    try:
        text = read_text(file).removeprefix("\ufeff")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from error
    return list(_parsed(file, text))


def _parsed(file: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise UsageError(f"Line {number} of {file} is no JSON object.", hint="Correct it, or move the file away.")
        yield value


def _write(file: Path, lines: list[dict[str, Any]]) -> None:
    if len(lines) > MOST_LINES:
        raise UsageError(f"{file} has {MOST_LINES:,} lines already.", hint="Move it away, and begin anew.")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        if not lines:
            file.unlink(missing_ok=True)
            return
        part.write_text("".join(f"{dumps(line)}\n" for line in lines), encoding="utf-8", newline="\n")
        part.replace(file)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
