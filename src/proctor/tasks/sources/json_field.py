"""JSON whose rows stand below a key: ``{"version": 1, "data": [...]}``, and ``field``, which names that key.

``datasets`` reads such a file without ``field`` as one row, and fails with a ``KeyError`` on a ``field`` that is not
there. Both are found here before it reads: the first is a note, because one row may be what is meant.
"""

from __future__ import annotations

import json
from typing import Any

from proctor.errors import DataError, Finding, TaskError, did_you_mean
from proctor.files import LARGEST_DOCUMENT, LARGEST_TEXT, read_bytes
from proctor.tasks.sources.paths import PACKED
from proctor.tasks.spec import TaskSpec

_SHOWN = 8


def look_for_field(spec: TaskSpec, file: str, copy: str, field: Any, notes: list[Finding]) -> None:
    """Check ``field``, or note that it may be missing. ``copy``: the file's text as UTF-8, packed files aside."""
    # A packed file has no plain text to look into here; ``datasets`` unpacks it itself.
    if copy.lower().endswith((*PACKED, ".zip")):
        return
    if field is None:
        note = note_of_field(copy, file)
        key = "dataset_kwargs" if spec.data.kwargs else "dataset_path"
        notes += [] if note is None else [spec.error(note, key)]
        return
    try:
        check_field(copy, file, field)
    except DataError as error:
        raise TaskError(spec.error(error.message, "dataset_kwargs", "field", hint=error.hint)) from error


def note_of_field(file: str, shown: str) -> str | None:
    """What is worth knowing of a file that is one object with lists of objects in it; None for any other.

    Args:
        file: where its UTF-8 text is.
        shown: how it is called in messages.
    """
    try:
        value = json.loads(read_bytes(file, largest=LARGEST_TEXT))
    except (OSError, ValueError, RecursionError):  # rows in lines are no JSON as a whole
        return None
    lists = {key: rows for key, rows in value.items() if _are_rows(rows)} if isinstance(value, dict) else {}
    if not lists:
        return None
    key, rows = max(lists.items(), key=lambda item: len(item[1]))
    return (
        f"{shown} is one object, so it is read as one row. If its list {key!r} holds the rows ({len(rows):,}), write "
        f"'dataset_kwargs: {{field: {key}}}'."
    )


def check_field(file: str, shown: str, field: Any) -> None:
    """Raise :class:`DataError` unless ``field`` names the rows of a JSON file."""
    try:
        value = json.loads(read_bytes(file, largest=LARGEST_DOCUMENT))
    except (OSError, ValueError, RecursionError):  # what is wrong with the file is found with its line when it is read
        return
    if not isinstance(value, dict):
        hint = "Leave 'field' out: the rows are the list itself." if isinstance(value, list) else None
        raise DataError(f"{shown} is no object, so it has no field {field!r}.", hint=hint)
    keys = [key for key, rows in value.items() if _are_rows(rows)] or list(value)
    if field not in value:
        known = ", ".join(map(str, list(value)[:_SHOWN])) + (", ..." if len(value) > _SHOWN else "")
        hint = did_you_mean(str(field), keys) or f"It has: {known}."
        if str(field).partition(".")[0] in value:
            hint = f"'field' is a key of the outermost object, not a path. It has: {known}."
        raise DataError(f"{shown} has no field {field!r}.", hint=hint)
    if not isinstance(value[field], (list, dict)):
        hint = f"It must be a list of rows, such as that of {keys[0]!r}." if keys[0] != field else None
        raise DataError(f"the field {field!r} of {shown} is {json.dumps(value[field])[:60]}, and no rows.", hint=hint)


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
