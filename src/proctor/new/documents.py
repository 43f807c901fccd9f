"""Documents of a new task, from a table whose columns are known."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.new.answers import Answers, Several, read_answers
from proctor.new.columns import Chosen, Layout
from proctor.new.option_cells import RowOptions, read_options
from proctor.new.table import AmbiguityError, BadRow, Row, Table, cell_text, is_blank

RESERVED = ("id", "context", "question", "choices", "answer", "source_line")
"""Keys of a document that are not columns of the table."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document as it is written.

    Attributes:
        id: What the table calls it, else its number from 1.
        place: Where it stands in the source, for messages.
        line: The line or row that it begins on.
        context: The passage that the question is about; "": none.
        question: The question.
        options: Its options.
        golds: The right ones, from 0.
        group: The subject that it belongs to, if the table has any.
        split: The split that the table gives it.
        others: The other columns, as they stand.
    """

    id: str
    place: str
    line: int
    context: str
    question: str
    options: tuple[str, ...]
    golds: tuple[int, ...]
    group: str | None
    split: str | None
    others: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """The documents of a table, the rows that cannot be read, and how its answers are written."""

    documents: tuple[NewDocument, ...]
    bad: tuple[BadRow, ...]
    answers: Answers
    notes: tuple[str, ...]


def read_documents(table: Table, layout: Layout, chosen: Chosen, several: Several | None) -> Reading:
    """The documents of a table.

    Args:
        table: The table.
        layout: Which column is what.
        chosen: What the user says about the answers.
        several: What several answers of one row mean; None: that no row has any.

    Raises:
        AmbiguityError: Answers can be read in two ways, or a row has several and it is not said what they mean.
    """
    cells = read_options(table, layout.choices)
    bad: dict[int, BadRow] = dict(cells.bad)
    for number, row in enumerate(table.rows):
        if number not in bad and (found := _unusable(table, layout, row)) is not None:
            bad[number] = BadRow(table.place(row, found[0]), found[1])
    good = [number for number in range(len(table.rows)) if number not in bad]
    options = [row for number in good if (row := cells.rows[number]) is not None]
    values = table.values(layout.answer)
    answers = read_answers(
        [values[number] for number in good],
        options,
        form=chosen.answer_form,
        base=chosen.answer_base,
        places=[table.place(table.rows[number], layout.answer) for number in good],
    )
    for at, why in answers.why.items():
        bad[good[at]] = BadRow(table.place(table.rows[good[at]], layout.answer), why)
    if answers.has_several and several is None:
        at = next(at for at, golds in enumerate(answers.golds) if golds is not None and len(golds) > 1)
        raise AmbiguityError(
            f"{table.source}, {table.place(table.rows[good[at]], layout.answer)}: {cell_text(values[good[at]])!r} "
            "names several options. Is any of them right, or only all of them together?",
            "several",
            ("any", "all"),
        )
    golds = {good[at]: found for at, found in enumerate(answers.golds) if found is not None}
    names = other_names(table, layout)
    documents = [
        _document(table, layout, table.rows[number], cells.rows[number], golds[number], names, chosen)
        for number in good
        if number not in bad
    ]
    every = (*table.bad, *[bad[number] for number in sorted(bad)])
    return Reading(tuple(documents), every, answers, cells.notes)


_HALVES = re.compile("[\ud800-\udfff]")
_IMAGE = re.compile(r"<img\b|!\[[^\]]*\]\(|data:image/|^\S+\.(?:png|jpe?g|gif|bmp|webp|svg)$", re.IGNORECASE)


def _unusable(table: Table, layout: Layout, row: Row) -> tuple[str, str] | None:
    """The column of a row that makes it no question of text, and why."""
    if is_blank(row.cells[table.columns.index(layout.question)]):
        return layout.question, "it is empty"
    for column in (layout.question, *layout.choices, *([layout.context] if layout.context else [])):
        cell = row.cells[table.columns.index(column)]
        if isinstance(cell, bytes):
            return column, "it holds bytes that are no text in UTF-8"
        if isinstance(cell, (list, dict)) and column in (layout.question, layout.context):
            return column, "it holds a list or an object and no text"
        if _HALVES.search(str(cell)):
            return column, "it holds half a character (a lone surrogate), which no file can hold"
        is_file = isinstance(cell, dict) and "bytes" in cell
        if is_file or (isinstance(cell, (str, list)) and _IMAGE.search(str(cell))):
            return column, "it shows an image, and tasks of text cannot"
    return None


def _document(
    table: Table,
    layout: Layout,
    row: Row,
    options: RowOptions | None,
    golds: tuple[int, ...],
    names: Mapping[str, str],
    chosen: Chosen,
) -> NewDocument:
    def text(column: str | None) -> str:
        return "" if column is None else cell_text(row.cells[table.columns.index(column)]).strip()

    assert options is not None  # rows without options are bad
    others = {name: row.cells[table.columns.index(column)] for column, name in names.items()}
    return NewDocument(
        text(layout.id),
        f"{'row' if table.unit == 'cell' else table.unit} {row.number}",
        row.number,
        text(layout.context),
        text(layout.question),
        options.texts,
        golds,
        text(layout.group) if chosen.group or table.subject is None else table.subject,
        text(layout.split) or table.split,
        others,
    )


def other_names(table: Table, layout: Layout) -> dict[str, str]:
    """The columns that are kept as they stand -> the key of each: a name that a document needs gets ``source_``."""
    columns = [name for name in table.columns if name not in layout.used]
    return {name: f"source_{name}" if name in RESERVED else name for name in columns}


def as_line(document: NewDocument, number: int, *, lists: bool) -> dict[str, Any]:
    """A document as an object of JSON.

    Args:
        document: The document.
        number: Its number from 1, which is its id where the table gives none.
        lists: Whether the answer is a list, as in every document of a task where one has several.
    """
    line: dict[str, Any] = {"id": document.id or str(number)}
    if document.context:
        line["context"] = document.context
    line |= {"question": document.question, "choices": list(document.options)}
    line["answer"] = list(document.golds) if lists else document.golds[0]
    return {**line, **document.others, "source_line": document.line}


def uniform(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lines in which each key has values of one type, as a data set needs it: what is mixed becomes text.

    Args:
        lines: Objects with perhaps different keys; a key that one lacks is empty there.
    """
    lines = [_without_nan(line) for line in lines]
    keys = list(dict.fromkeys(key for line in lines for key in line))
    kinds = {key: {_kind(line[key]) for line in lines if line.get(key) is not None} for key in keys}
    ordered = [key for key in keys if key != "source_line"] + ["source_line"]
    return [{key: _as_one(line.get(key), kinds[key]) for key in ordered} for line in lines]


def _without_nan(value: Any) -> Any:
    """A value in which nothing is NaN, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if abs(value) < 1 << 63 else "big"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (list, tuple)):
        return f"list of {'/'.join(sorted({_kind(one) for one in value}))}"
    return "float" if isinstance(value, float) else "object"


def _as_one(value: Any, kinds: set[str]) -> Any:
    if kinds <= {"text"}:
        return "" if value is None else value
    if len(kinds) == 1 and kinds <= {"bool", "int", "float", "list of int", "list of text"}:
        return value
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
