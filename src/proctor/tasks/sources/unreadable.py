"""Files of data that must not be read: what has no end, and what was never written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import DataError
from proctor.files import first_hole, not_a_file
from proctor.tasks.spec import TaskSpec


def refuse_special_files(spec: TaskSpec, named: Any) -> None:
    """Refuse a pipe or a device where a file of data is named: to read it never ends, and ``datasets`` sees none."""
    if isinstance(named, Mapping):
        named = list(named.values())
    if isinstance(named, (list, tuple)):
        for one in named:
            refuse_special_files(spec, one)
    elif isinstance(named, str) and (kind := not_a_file(named)) not in (None, "a folder"):
        raise DataError(f"The data of task '{spec.name}' cannot be read: {named} is {kind}, not a file.")


def refuse_holes(spec: TaskSpec, by_split: Mapping[str, Sequence[str]]) -> None:
    """Refuse a file with a hole, which may be a terabyte of NUL bytes: it would be read for hours and be no data."""
    for file in dict.fromkeys(file for files in by_split.values() for file in files):
        if (hole := first_hole(file)) is not None:
            where = "holds nothing: all of it was" if hole == 0 else f"is not whole: from byte {hole:,} on it was"
            message = f"The data of task '{spec.name}' cannot be read: {file} {where} never written."
            raise DataError(message, hint="Copy or download the file again.")
