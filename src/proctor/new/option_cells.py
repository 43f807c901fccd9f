"""The options of each row: from a column an option, a list, or one cell that holds them all."""

# One reading for the whole file: a list (of JSON, or written as one), labels in the cell, lines, separators. The first
# one that gives every row two options or more is taken, so that no row is split in a way in which another is not.

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.new.labels import LABEL_FORMS, read_label, split_at_labels, split_label
from proctor.new.table import BadRow, Row, Table, cell_text, is_blank


@dataclass(frozen=True, slots=True)
class RowOptions:
    """The options of one row. ``labels``: what the file calls them, where it says so beside each."""

    texts: tuple[str, ...]
    labels: tuple[str, ...] | None = None


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
    places = [table.columns.index(column) for column in columns]
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
        rows.append(None if why else RowOptions(tuple(texts)))
    return OptionCells(tuple(rows), bad)


def option_text(cell: Any) -> str:
    """An option as a text, without spaces around it."""
    return cell_text(cell).strip()


def _from_one(table: Table, column: str) -> OptionCells:
    readings: list[tuple[str, list[RowOptions | None]]] = []
    values = table.values(column)
    for name, reading in _READINGS.items():
        made = [None if is_blank(value) else reading(value) for value in values]
        readings.append((name, made))
        if all(made):
            break
    # The first one where several read equally many: the order is from the certain to the likely.
    name, rows = max(readings, key=lambda one: sum(found is not None for found in one[1]))
    bad = {number: _unread(table, table.rows[number], column) for number, found in enumerate(rows) if found is None}
    note = () if name == "list" else (f"the options of {column!r} are taken apart {name}",)
    return OptionCells(tuple(rows), bad, note)


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
        return RowOptions(
            tuple(map(option_text, lists["text"])), None if labels is None else tuple(map(cell_text, labels))
        )
    given = {str(key): one for key, one in value.items() if not is_blank(one)}
    if len(given) < 2 or any(isinstance(one, (list, dict)) for one in given.values()):
        return None
    return RowOptions(tuple(map(option_text, given.values())), tuple(given))


def _objects(value: Sequence[Mapping[str, Any]]) -> RowOptions | None:
    """``[{"label": "A", "text": ...}, ...]``."""
    text = next(
        (key for key in ("text", "content", "option", "choice", "value") if all(key in one for one in value)), None
    )
    if text is None:
        return None
    label = next((key for key in ("label", "key", "id") if all(key in one for one in value)), None)
    labels = None if label is None else tuple(cell_text(one[label]) for one in value)
    return RowOptions(tuple(option_text(one[text]) for one in value), labels)


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


_READINGS: Mapping[str, Callable[[Any], RowOptions | None]] = {
    "list": _list,
    "at their labels": _at_labels,
    "at line breaks": _at("\n"),
    "at '|'": _at("|"),
    "at ';'": _at(";"),
    "at '/'": _at("/"),
    "at ','": _at(","),
}


def _without_labels(cells: OptionCells) -> OptionCells:
    """The options without labels of their own, where every option of every row has the label of its place."""
    known = [row for row in cells.rows if row is not None]
    if not known or not all(_own_labels(row.texts) for row in known):
        return cells
    rows = tuple(None if row is None else _bare(row) for row in cells.rows)
    first = split_label(known[0].texts[0])
    note = f"the labels before the options ({first[0] if first else ''} ...) are taken away"
    return OptionCells(rows, cells.bad, (*cells.notes, note))


def _bare(row: RowOptions) -> RowOptions:
    texts, first = _own_labels(row.texts) or (), split_label(row.texts[0])
    numbered = first is not None and is_first_number(first[0])
    return RowOptions(texts, row.labels or (numbers_from_1(len(texts)) if numbered else None))


def _own_labels(texts: Sequence[str]) -> tuple[str, ...] | None:
    parts = [split_label(text) for text in texts]
    for form in LABEL_FORMS:
        start = 1 if form == "number" else 0
        if all(part and read_label(part[0], form) == at + start for at, part in enumerate(parts)):
            return tuple(part[1] for part in parts if part)
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
