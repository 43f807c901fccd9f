"""Rows that are typed already: Parquet files, and data sets of the hub through the room that loads those of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from proctor.errors import DataError, TaskError, UsageError, did_you_mean
from proctor.new.json_rows import objects_table
from proctor.new.table import Table

PREFIX = "hf:"
LONGEST_MESSAGE = 600
"""Letters of a message that are shown."""
EVALUATED = ("test", "validation", "val", "train")
"""The splits of a data set that may be evaluated; the first that is there is."""


def read_parquet(path: str) -> Table:
    """The rows of a Parquet file.

    Args:
        path: The file.

    Raises:
        DataError: It is none.
    """
    from pyarrow import ArrowException, parquet, types

    try:
        table = parquet.read_table(path)
        rows = table.to_pylist()
    except (ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}.") from error
    maps = {column.name for column in table.schema if types.is_map(column.type)}
    made = [{name: _plain(cell, is_map=name in maps) for name, cell in row.items()} for row in rows]
    return objects_table(path, list(enumerate(made, start=1)), "row")


def _plain(cell: Any, *, is_map: bool = False) -> Any:
    """A cell as JSON would have it: a map is an object, and text that was written as bytes is text."""
    if isinstance(cell, bytes):
        try:
            return cell.decode("utf-8")
        except UnicodeDecodeError:
            return cell
    if isinstance(cell, list):
        return {key: _plain(one) for key, one in cell} if is_map else [_plain(one) for one in cell]
    return cell


def read_data_set(source: str, wanted: str | None) -> list[Table]:
    """The rows of a data set: of the split that is evaluated, and of ``dev``, which holds few-shot examples.

    Args:
        source: ``hf:ORG/NAME`` or ``hf:ORG/NAME:CONFIG``; a folder that holds a data set may stand for the name.
        wanted: The split that is to be evaluated.

    Raises:
        UsageError: There is no such split.
        DataError: The data set cannot be had.
    """
    name, _, config = source.removeprefix(PREFIX).partition(":")
    if not name:
        raise UsageError(f"{source!r} names no data set.", hint="Write hf:ORG/NAME or hf:ORG/NAME:CONFIG.")
    splits = _splits(name, config or None)
    split = wanted or next((one for one in EVALUATED if one in splits), next(iter(splits)))
    if split not in splits:
        hint = did_you_mean(split, splits) or f"It has: {', '.join(splits)}."
        raise UsageError(f"--split {split}: {source} has no such split.", hint=hint)
    note = f"the split {split!r}" + (f" of {', '.join(splits)}" if len(splits) > 1 else "")
    tables = [_table(source, splits[split], "test", (note,))]
    return tables + ([_table(source, splits["dev"], "dev")] if "dev" in splits and split != "dev" else [])


def _splits(name: str, config: str | None) -> Any:
    from proctor.tasks.build_spec import assemble_task
    from proctor.tasks.sources.load import load_splits

    keys = {"task": name, "dataset_path": name, "output_type": "multiple_choice", "test_split": "test"}
    keys |= {"dataset_name": config} if config else {}
    try:
        return load_splits(assemble_task(_Node(name, keys)))
    except TaskError as error:
        first = error.errors[0]
        said = first.message.partition(f"task '{name}': ")[2] or error.message
        shown = said if len(said) <= LONGEST_MESSAGE else f"{said[:LONGEST_MESSAGE]} ..."
        own = shown.removeprefix(f"the data set {name} ")
        place = f"{PREFIX}{name} {own}" if own != shown else f"{PREFIX}{name}: {shown}"
        known = f"{first.hint} " if config and first.hint else ""
        hint = f"{known}A configuration is named behind a colon: {PREFIX}{name}:CONFIG."
        raise UsageError(place, hint=hint) from error


@dataclass(frozen=True, slots=True)
class _Node:
    """The task that would read the data set, as the room that loads those of tasks knows it."""

    name: str
    config: Mapping[str, Any]
    file: str | None = None
    places: Mapping[tuple[str | int, ...], Any] = field(default_factory=dict)


def _table(source: str, rows: Any, split: str, notes: tuple[str, ...] = ()) -> Table:
    table = objects_table(source, list(enumerate(rows, start=1)), "row", notes)
    return replace(table, split=split)
