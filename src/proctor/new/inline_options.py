"""Options in the text of the question, ``수도는? ① 서울 ② 부산``: exams that were pasted from a document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proctor.new.labels import split_label, split_question
from proctor.new.option_cells import is_first_number, numbers_from_1
from proctor.new.roles import role_of
from proctor.new.table import Row, Table, cell_text

OPTIONS = "(options)"
"""The name of the column that the options get."""


def with_options_apart(table: Table, question: str | None = None) -> Table | None:
    """The table with the options of its questions in a column of their own.

    Args:
        table: A table without columns of options.
        question: The column of the questions; None: that which has such a name, or whose texts are the longest.

    Returns:
        None unless every row has options in its question.
    """
    if not table.rows or not table.columns:
        return None
    named = [name for name in table.columns if role_of(name) == "question"]
    lengths = {name: sum(len(cell_text(value)) for value in table.values(name)) for name in named or table.columns}
    column = question or max(lengths, key=lambda name: lengths[name])
    at = table.columns.index(column)
    parts = [split_question(cell_text(row.cells[at])) for row in table.rows]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    rows = tuple(
        Row(
            row.number,
            (*row.cells[:at], stem, *row.cells[at + 1 :], _labelled(cell_text(row.cells[at]), stem, options)),
        )
        for row, (stem, options) in zip(table.rows, found, strict=True)
    )
    positions = (*table.positions, at)
    apart = replace(table, columns=(*table.columns, OPTIONS), rows=rows, positions=positions)
    return apart.with_notes(f"the options are taken out of the text of {column!r}")


def _labelled(text: str, stem: str, options: list[str]) -> Any:
    """The options as a cell; with their numbers, where the text numbers them."""
    first = split_label(text.strip()[len(stem) :].strip())
    if first is None or not is_first_number(first[0]):
        return options
    return {"text": options, "label": list(numbers_from_1(len(options)))}
