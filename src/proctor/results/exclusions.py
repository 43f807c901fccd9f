"""Documents that somebody has looked at and wants left out: a file of lines with a task and a document's hash."""

# Which lines leave a document out
# --------------------------------
#   {"task": "a", "doc_hash": "9f…", "flags": ["duplicate"], …}        a line of ``proctor items --output`` with a flag
#   {"task": "a", "doc_hash": "9f…", "flags": [], …}                   the same without a flag: the document stays
#   {"task": "a", "doc_hash": "9f…", "flag": "bad key", "note": "…"}   a line of a report's flags.jsonl
#   {"task": "a", "doc_hash": "9f…"}                                   a list that was made by hand
#
# A document is named by its hash and never by its number: --limit, --samples and other versions of a data set number
# documents differently. Equal documents of a task have one hash and are left out together.

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import UsageError
from proctor.files import LONGEST_LINE, open_regular
from proctor.plurals import counted

MOST_SHOWN = 5
"""Lines at error that are named; the others are counted."""

_HASH = re.compile(r"[0-9a-f]{64}")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Documents to leave out.

    Attributes:
        file: Where they were read, as it was named.
        hashes: By task, the ``doc_hash`` of each.
    """

    file: str
    hashes: Mapping[str, frozenset[str]]

    @property
    def documents(self) -> int:
        """How many documents the file leaves out."""
        return sum(map(len, self.hashes.values()))


def read_exclusions(file: str | Path) -> Exclusions:
    """Read a file of documents to leave out.

    Args:
        file: JSON lines, as ``proctor items --output`` and reports write them.

    Raises:
        UsageError: The file cannot be read, or lines of it are wrong; the first ones are named.
    """
    found: dict[str, set[str]] = {}
    problems: list[str] = []
    for number, line in _lines(Path(os.path.expanduser(file)), str(file)):
        value = _parsed(line)
        if (problem := _problem(value)) is not None:
            problems.append(f"{file}:{number}: {problem}.")
        elif value.get("flags") != []:
            found.setdefault(value["task"], set()).add(value["doc_hash"])
    if problems:
        more = [f"and {counted(len(problems) - MOST_SHOWN, 'more line')}"] if len(problems) > MOST_SHOWN else []
        raise UsageError(
            "\n".join([*problems[:MOST_SHOWN], *more]),
            hint='A line is as in {"task": "arc_easy", "doc_hash": "64 hexadecimal digits"}; \'proctor items '
            "RUN --output FILE' writes such a file.",
        )
    return Exclusions(str(file), {task: frozenset(hashes) for task, hashes in found.items()})


def _lines(path: Path, named: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, with their numbers from 1."""
    try:
        with open_regular(path) as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE):
                number += 1
                text = line.removeprefix(_BOM) if number == 1 else line
                if text.strip():
                    yield number, text
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {named!r} of documents to exclude.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"{named!r} cannot be read as a file of documents to exclude: {reason}.") from error


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _problem(value: Any) -> str | None:
    """What is wrong with a line, as it reads after its number; None of a good one."""
    if not isinstance(value, dict):
        return "it is no JSON object"
    if not isinstance(value.get("task"), str) or not value["task"]:
        return "it names no 'task'"
    flags = value.get("flags", ["excluded"])
    if not isinstance(flags, list):
        return f"its 'flags' are no list, but {flags!r:.60}"
    name = value.get("doc_hash")
    if flags and not (isinstance(name, str) and _HASH.fullmatch(name)):
        return f"its 'doc_hash' is {name!r:.80}, and not the 64 hexadecimal digits by which a document is found"
    return None
