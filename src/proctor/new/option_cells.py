"""The options of each row: from a column an option, a list, or one cell that holds them all."""

# One reading for the whole file: a list (of JSON, or written as one), labels in the cell, lines, separators. The first
# one that gives every row two options or more is taken, so that no row is split in a way in which another is not.

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.errors import DataError
from proctor.new.labels import LABEL_FORMS, read_label, split_at_labels, split_label
from proctor.new.roles import option_place
from proctor.new.table import BadRow, Row, Table, cell_text, is_blank


@dataclass(frozen=True, slots=True)
class RowOptions:
    """The options of one row.

    Attributes:
        texts: The options in the order in which they are shown.
        labels: What the file calls them, where it says so beside each.
        places: Which option of the file each is, from 0, where that is another than the order: of ``D``, ``B``, ``A``
            the answer ``A`` is the last. None: the first is 0.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    places: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class OptionCells:
    """The options of all rows; None where a row's cannot be read, which is in ``bad`` by its number."""

    rows: tuple[RowOptions | None, ...]
    bad: Mapping[int, BadRow]
    notes: tuple[str, ...] = ()


def read_options(table: Table, columns: Sequence[str]) -> OptionCells:
    """The options of every row.

    Args:
        table: The table.
        columns: A column an option, or one column of lists.
    """
    if len(columns) == 1:
        cells = _from_one(table, columns[0])
    else:
        cells = _from_several(table, columns)
    return _without_labels(cells)


def _from_several(table: Table, columns: Sequence[str]) -> OptionCells:
    places, named = [table.columns.index(column) for column in columns], _named_places(columns)
    rows, bad = list[RowOptions | None](), dict[int, BadRow]()
    for number, row in enumerate(table.rows):
        texts = [option_text(row.cells[at]) for at in places]
        while texts and not texts[-1]:  # an exam of five options with questions of four
            texts.pop()
        empty = next((at for at, text in enumerate(texts) if not text), None)
        why = "it is empty, and a later option is not" if empty is not None else None
        if len(texts) < 2:
            empty, why = len(texts), "it is empty: a question has two options at least"
        if why is not None:
            bad[number] = BadRow(table.place(row, columns[min(empty or 0, len(columns) - 1)]), why)
        rows.append(None if why else RowOptions(tuple(texts), places=named and named[: len(texts)]))
    return OptionCells(tuple(rows), bad)


def _named_places(columns: Sequence[str]) -> tuple[int, ...] | None:
    """Which option each column holds by its name, where that is another than the order of the columns."""
    named = [option_place(column) for column in columns]
    known = [place for place in named if place is not None]
    if len(known) < len(columns) or len({stem for stem, _ in known}) > 1:
        return None
    return _from_zero([number for _, number in known])


def _from_zero(numbers: Sequence[int]) -> tuple[int, ...] | None:
    """Numbers of options, each once, from 0; None where they count up anyway, or are no such numbers."""
    start = 0 if 0 in numbers else 1
    places = tuple(number - start for number in numbers)
    return None if len(set(places)) < len(places) or places == tuple(range(len(places))) else places


def _labelled_places(labels: Sequence[str]) -> tuple[int, ...] | None:
    """Which option each label names, where that is another than the order."""
    for form in LABEL_FORMS:
        found = [read_label(label, form) for label in labels]
        known = [place for place in found if place is not None]
        if len(known) == len(found):
            return _from_zero(known if form == "number" else [place + 1 for place in known])
    return None


def _labelled(texts: Iterable[Any], labels: Iterable[Any]) -> RowOptions:
    names = tuple(map(cell_text, labels))
    return RowOptions(tuple(map(option_text, texts)), names, _labelled_places(names))


def option_text(cell: Any) -> str:
    """An option as a text, without spaces around it."""
    return cell_text(cell).strip()


def _from_one(table: Table, column: str) -> OptionCells:
    readings: list[tuple[str, list[RowOptions | None]]] = []
    values = table.values(column)
    for name, reading in _READINGS.items():
        made = [None if is_blank(value) else reading(value) for value in values]
        readings.append((name, made))
        if all(made) and name != "at '/'":
            break
    _refuse_two_separators(table, column, readings)
    # The first one where several read equally many: the order is from the certain to the likely.
    name, rows = max(readings, key=lambda one: sum(found is not None for found in one[1]))
    bad = {number: _unread(table, table.rows[number], column) for number, found in enumerate(rows) if found is None}
    note = () if name == "list" else (f"the options of {column!r} are taken apart {name}",)
    return OptionCells(tuple(rows), bad, note)


def _refuse_two_separators(table: Table, column: str, readings: Sequence[tuple[str, list[RowOptions | None]]]) -> None:
    """Refuse options such as ``10 km/h, 20 km/h``, which a slash and a comma take apart in every row."""
    whole = {name: rows for name, rows in readings if rows and all(rows)}
    if set(whole) == {"at '/'", "at ','"}:
        shown = [", ".join(repr(text) for text in (rows[0] or RowOptions(())).texts) for rows in whole.values()]
        raise DataError(
            f"{table.source}: the options of {column!r} can be separated at '/' ({shown[0]}) and at ',' ({shown[1]}).",
            hint="Separate them by '|' or line breaks, or write a column for each.",
        )


def _unread(table: Table, row: Row, column: str) -> BadRow:
    cell = row.cells[table.columns.index(column)]
    shown = "it is empty" if is_blank(cell) else f"{_short(cell)} is no list of options"
    return BadRow(table.place(row, column), shown)


def _list(value: Any) -> RowOptions | None:
    if isinstance(value, str):
        value = _written_list(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        return None
    if all(isinstance(one, Mapping) for one in value):
        return _objects(value)
    texts = tuple(option_text(one) for one in value)
    return RowOptions(texts) if all(texts) and not any(isinstance(one, (list, dict)) for one in value) else None


def _written_list(text: str) -> Any:
    """A list that was written as text: as JSON, or as Python shows it."""
    if not text.strip().startswith(("[", "{")):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def _mapping(value: Mapping[str, Any]) -> RowOptions | None:
    """``{"text": [...], "label": [...]}``, or ``{"A": ..., "B": ...}``."""
    lists = {key: one for key, one in value.items() if isinstance(one, (list, tuple)) and len(one) > 1}
    if "text" in lists:
        labels = next((one for key, one in lists.items() if key != "text" and len(one) == len(lists["text"])), None)
        return (
            RowOptions(tuple(map(option_text, lists["text"]))) if labels is None else _labelled(lists["text"], labels)
        )
    given = {str(key): one for key, one in value.items() if not is_blank(one)}
    if len(given) < 2 or any(isinstance(one, (list, dict)) for one in given.values()):
        return None
    return _labelled(given.values(), given)


def _objects(value: Sequence[Mapping[str, Any]]) -> RowOptions | None:
    """``[{"label": "A", "text": ...}, ...]``."""
    text = next(
        (key for key in ("text", "content", "option", "choice", "value") if all(key in one for one in value)), None
    )
    if text is None:
        return None
    label = next((key for key in ("label", "key", "id") if all(key in one for one in value)), None)
    texts = [one[text] for one in value]
    return (
        RowOptions(tuple(map(option_text, texts))) if label is None else _labelled(texts, [one[label] for one in value])
    )


def numbers_from_1(count: int) -> tuple[str, ...]:
    """The labels of options that a file numbers.

    Args:
        count: How many options there are.
    """
    return tuple([str(number) for number in range(1, count + 1)])


def is_first_number(label: str) -> bool:
    """Whether the label of a first option says that a file numbers its options, from 1.

    Args:
        label: As it stands in the file.
    """
    return read_label(label, "number") == 1


def _at_labels(value: Any) -> RowOptions | None:
    found = split_at_labels(value.strip()) if isinstance(value, str) else None
    if not found or not all(found):
        return None
    first = split_label(value.strip())
    return RowOptions(tuple(found), numbers_from_1(len(found)) if first and is_first_number(first[0]) else None)


def _at(separator: str) -> Callable[[Any], RowOptions | None]:
    def split(value: Any) -> RowOptions | None:
        if not isinstance(value, str):
            return None
        texts = tuple(part.strip() for part in value.strip().split(separator) if part.strip() or separator != "\n")
        return RowOptions(texts) if len(texts) > 1 and all(texts) else None

    return split


_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")


def _at_commas(value: Any) -> RowOptions | None:
    """Options between commas; the comma of ``1,000, 2,000`` that no space follows is none of theirs."""
    mixed = isinstance(value, str) and _THOUSANDS.search(value) and (", " in value or re.search(r"\d,0\d\d", value))
    return _at(", " if mixed else ",")(value)


_READINGS: Mapping[str, Callable[[Any], RowOptions | None]] = {
    "list": _list,
    "at their labels": _at_labels,
    "at line breaks": _at("\n"),
    "at '|'": _at("|"),
    "at ';'": _at(";"),
    "at '/'": _at("/"),
    "at ','": _at_commas,
}


def _without_labels(cells: OptionCells) -> OptionCells:
    """The options without labels of their own, where every option of every row has the label of its place."""
    known = [row for row in cells.rows if row is not None]
    bare = [None if row is None else _own_labels(row) for row in cells.rows]
    if not known or sum(row is not None for row in bare) < len(known):
        # Some have none: all keep their texts, and the labels that are there still say which option is which.
        shown = zip(cells.rows, bare, strict=True)
        rows = tuple((row and own and replace(row, places=own.places)) or row for row, own in shown)
        return replace(cells, rows=rows)
    rows = tuple(bare)
    first = split_label(known[0].texts[0])
    note = f"the labels before the options ({first[0] if first else ''} ...) are taken away"
    return OptionCells(rows, cells.bad, (*cells.notes, note))


def _own_labels(row: RowOptions) -> RowOptions | None:
    """The options without the labels in their texts: those of the first ones, each once, in whatever order."""
    parts = [split_label(text) for text in row.texts]
    for form in LABEL_FORMS:
        start = 1 if form == "number" else 0
        found = [None if part is None else read_label(part[0], form) for part in parts]
        if {place for place in found if place is not None} == set(range(start, len(parts) + start)):
            texts, numbers = [part[1] for part in parts if part], [(place or 0) - start + 1 for place in found]
            numbered = tuple(map(str, numbers)) if form == "number" else None
            return RowOptions(tuple(texts), row.labels or numbered, _from_zero(numbers))
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
