"""Cells of a table that do not reach the prompt as their author wrote them.

An empty cell is ``None`` when it has been loaded, and a template writes ``None``; a column of whole
numbers with one empty cell becomes one of fractions (``2.0``), one of dates one of times. What is
rendered stays lm-eval's; that it is not what stands in the file is said, with column and count.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from proctor.check.findings import Findings
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

_KEYS = ("doc_to_text", "doc_to_choice", "doc_to_target")


class CellCheck:
    """The cells of one task's documents and what its fields made of them."""

    def __init__(self, spec: TaskSpec, findings: Findings) -> None:
        self._spec, self._findings = spec, findings
        prompt = spec.prompt
        self._sources: dict[str, Any] = dict(zip(_KEYS, (prompt.text, prompt.choice, prompt.target), strict=True))
        self._fractions: set[str] = set()
        self._whole: dict[str, tuple[int, str, str]] = {}

    def look(self, number: int, doc: Doc, values: Mapping[str, Any]) -> None:
        """Look at one document.

        Args:
            number: Its position.
            doc: Its columns.
            values: What the task's fields gave, by key.
        """
        if not isinstance(doc, Mapping):
            return
        # Nearly all documents have no odd cell: texts are only made for the others.
        odd = [(name, cell) for name, cell in doc.items() if type(cell) not in _EVEN and _is_odd(cell)]
        if not odd:
            return
        texts = {key: _text(value) for key, value in values.items()}
        for name, cell in odd:
            for key, text in texts.items():
                if text and self._reads(key, name):
                    self._cell(number, doc, name, cell, key, text)

    def finish(self) -> None:
        """Add what holds for whole columns."""
        for name, (number, key, shown) in self._whole.items():
            if name not in self._fractions:
                message = (
                    f"the column {name!r} holds whole numbers that were read as fractions, and {shown} stands in {key} "
                    f"(first in document {number})."
                )
                hint = f"An empty cell in the column does that. Write '{{{{ {name} | int }}}}', or fill the cell."
                self._findings.say(message, key, hint=hint, note=True)

    def _reads(self, key: str, name: str) -> bool:
        """Whether a field may have written the column: a template that names it, or a function."""
        source = self._sources.get(key)
        if isinstance(source, str):
            return source == name or ("{" in source and re.search(rf"\b{re.escape(name)}\b", source) is not None)
        return source is not None and not isinstance(source, (list, Mapping, int))

    def _cell(self, number: int, doc: Doc, name: str, cell: Any, key: str, text: str) -> None:
        # Not NaN, which is an empty cell of a column of numbers.
        if isinstance(cell, float) and cell == cell:
            if not cell.is_integer():
                self._fractions.add(name)
            # "2.0" as a number of its own, and not within "12.05".
            elif name not in self._whole and re.search(rf"(?<![\d.]){re.escape(str(cell))}(?!\d)", text):
                self._whole[name] = (number, key, repr(str(cell)))
        elif isinstance(cell, (datetime.date, datetime.time)):
            if str(cell) in text:
                message = f"the column {name!r} was read as dates or times, and {str(cell)!r} stands in {key}."
                hint = (
                    f"To keep the text of the file: dataset_kwargs: {{features: {{{name}: {{dtype: string}}, ...}}}}."
                )
                self._note(number, ("date", name, key), message, key, hint)
        elif (word := "nan" if isinstance(cell, float) else "None") in text and not self._has_word(doc, key, word):
            message = f"the column {name!r} is empty, and stands as {word!r} in {key}."
            hint = (
                f"Write '{{{{ {name} or \"\" }}}}', or leave it out: '{{% if {name} %}}...{{% endif %}}'. "
                "(A CSV cell that says NA, null or None is read as empty: dataset_kwargs: {keep_default_na: false}.)"
            )
            self._note(number, ("empty cell", name, key), message, key, hint)

    def _has_word(self, doc: Doc, key: str, word: str) -> bool:
        """Whether the word stands in other cells or in the template itself, as in 'None of these'."""
        source = self._sources.get(key)
        return (isinstance(source, str) and word in source) or any(_contains(cell, word) for cell in doc.values())

    def _note(self, number: int, kind: Any, message: str, key: str, hint: str) -> None:
        self._findings.on(number, kind, self._spec.error(message, key, hint=hint), note=True)


_EVEN = frozenset({str, int, bool})


def _is_odd(cell: Any) -> bool:
    if isinstance(cell, (list, tuple)):
        return None in cell if not cell or isinstance(cell[0], (str, type(None))) else False
    return cell is None or isinstance(cell, (float, datetime.date, datetime.time))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else ""


def _contains(cell: Any, word: str) -> bool:
    if isinstance(cell, str):
        return word in cell
    if isinstance(cell, Mapping):
        return any(_contains(one, word) for one in cell.values())
    return isinstance(cell, (list, tuple)) and any(_contains(one, word) for one in cell)
