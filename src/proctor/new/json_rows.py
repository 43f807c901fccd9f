"""JSON and JSON lines: objects as rows, with their lines or numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import DataError
from proctor.new.table import Row, Table, Unit

_HINT = "Texts are in double quotes, and commas stand between entries only, not behind the last one."


def read_json(path: str, text: str, notes: tuple[str, ...] = ()) -> Table:
    """The rows of a JSON file: a list of objects, an object that holds one, columns, or an object a line.

    Args:
        path: The file.
        text: Its text.
        notes: What is worth knowing about how it was read.

    Raises:
        DataError: It is no JSON, or holds no rows; the message names the line.
    """
    stripped = text.strip()
    if not stripped:
        raise DataError(f"{path} holds nothing.")
    if stripped[0] == "{" and _is_object(stripped.split("\n", 1)[0]) and len(stripped.split("\n", 1)) > 1:
        return objects_table(path, _lines(path, text), "line", notes)
    try:
        value = _loads(stripped)
    except json.JSONDecodeError as error:
        if stripped[0] == "{" and "\n" in stripped and error.msg == "Extra data":
            return objects_table(path, _lines(path, text), "line", notes)
        raise DataError(f"{path}, line {error.lineno}: this is not valid JSON: {error.msg}.", hint=_HINT) from error
    except RecursionError as error:
        raise DataError(f"{path} nests too deep to be read as JSON.") from error
    except ValueError as error:  # a key that occurs twice, or a number of thousands of digits
        raise DataError(f"{path} cannot be read: {error}.") from error
    rows, more = _rows(path, value)
    return objects_table(path, list(enumerate(rows, start=1)), "row", (*notes, *more))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _loads(text: str) -> Any:
    """A value of JSON; an object in which a key occurs twice is an error, not its last value."""
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the key {twice!r} twice")
    return made


def _lines(path: str, text: str) -> list[tuple[int, Any]]:
    rows = list[tuple[int, Any]]()
    # Not splitlines(): U+2028 is a line end for it, and an ordinary character within a text of JSON.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                rows.append((number, _loads(line)))
            except (ValueError, RecursionError) as error:
                said = getattr(error, "msg", None)
                hint, said = (_HINT, f"this is not valid JSON: {said}") if said else (None, str(error))
                raise DataError(f"{path}, line {number}: {said}.", hint=hint) from error
    return rows


def _rows(path: str, value: Any) -> tuple[Sequence[Any], tuple[str, ...]]:
    """The rows that a value of JSON holds, and where in it they are, if not at its top."""
    if isinstance(value, list):
        return value, ()
    if not isinstance(value, dict):
        raise DataError(f"{path} holds {json.dumps(value)[:40]}, which is no list of objects.")
    lists = {key: one for key, one in value.items() if isinstance(one, list) and one and isinstance(one[0], dict)}
    if len(lists) == 1:
        key = next(iter(lists))
        return lists[key], (f"the rows are those of {key!r}",)
    if len(lists) > 1:
        listed = ", ".join(map(repr, list(lists)[:8]))
        hint = "Write a file for each: names that end in _test, _dev, _val or _train are splits of one task."
        raise DataError(f"{path} holds several lists of objects: {listed}.", hint=hint)
    if (columns := _columns(value)) is not None:
        return columns, ("a list for each column",)
    if all(isinstance(one, dict) for one in value.values()) and value:
        return [{"id": key, **one} for key, one in value.items()], ("the keys of the rows are their ids",)
    if all(not isinstance(one, dict) for one in value.values()):
        return [value], ()
    listed = ", ".join(map(repr, list(value)[:8]))
    raise DataError(
        f"{path} is one object, with {listed}: none of them is a list of objects.", hint="Put the rows into one list."
    )


def _columns(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of ``{"question": [...], "answer": [...]}``, or of mappings by number, as pandas writes them."""
    if len(value) < 2:
        return None
    if all(isinstance(one, list) for one in value.values()) and len({len(one) for one in value.values()}) == 1:
        return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]
    numbers = [tuple(one) for one in value.values() if isinstance(one, dict)]
    if len(numbers) == len(value) and len(set(numbers)) == 1 and all(key.isdecimal() for key in numbers[0]):
        return [{name: one[key] for name, one in value.items()} for key in numbers[0]]
    return None


def objects_table(source: str, rows: Sequence[tuple[int, Any]], unit: Unit, notes: tuple[str, ...] = ()) -> Table:
    """A table of objects: its columns are all their keys; a key that one lacks is empty there.

    Args:
        source: Where they were read.
        rows: Numbers and objects.
        unit: What the numbers count.
        notes: What is worth knowing.

    Raises:
        DataError: A row is no object.
    """
    for number, row in rows:
        if not isinstance(row, Mapping):
            raise DataError(f'{source}, {unit} {number}: a row must be an object such as {{"question": ...}}.')
    columns = tuple(dict.fromkeys(str(key) for _, row in rows for key in row))
    made = tuple(Row(number, tuple(row.get(column) for column in columns)) for number, row in rows)
    return Table(source, columns, made, unit, tuple(range(len(columns))), notes)
