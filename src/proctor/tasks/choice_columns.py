"""Which columns of a document hold its options and its answer, and the document with its options in another order."""

# A document in another order
# ---------------------------
#   order           order[position] is the number that the option at ``position`` has in the document (its content)
#   options         "choices": [red, blue, green]   (2, 0, 1)  ->  [green, red, blue]
#                   A: red  B: blue  C: green       (2, 0, 1)  ->  A: green  B: red  C: blue
#   answer          content 0 stands at position 1 now: 0 -> 1, "A" -> "B", 1 -> 2; a text moves with its option
#
# The document itself is changed, and not the prompt: the task's own template, Python or doc_to_choice makes the prompt
# of the changed document, so that whatever they do is done to every order alike.
#
# Columns are declared by the task (``metadata.choices``), or candidates are tried (:mod:`proctor.tasks.choice_search`).
# Neither is trusted: :mod:`proctor.tasks.reordering` renders each order and compares.

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from proctor.types import Doc

AnswerForm: TypeAlias = Literal["index", "number", "letter", "text", "boolean", "one_hot"]
"""How a column names the right option: from 0, from 1, by its label, by its text, as true for the second of two, or
by a list with 1 (or true) at the place of each right one."""
ANSWER_FORMS: tuple[AnswerForm, ...] = ("index", "number", "letter", "text", "boolean", "one_hot")
_ONE_HOT = (0, 1)

_WHOLE_NUMBER = re.compile(r"-?\d{1,9}")
"""Longer ones number no option, and thousands of digits are refused by ``int``."""


class NoChoicesError(ValueError):
    """A document has not what its columns should hold; the text says what."""


@dataclass(frozen=True, slots=True)
class ChoiceColumns:
    """Where a document has its options and its answer.

    Attributes:
        options: A column that holds a list (``choices``, or ``choices.text`` inside a mapping), or a column an option.
        answer: The column of the answer; several right ones stand in a list.
        form: How the answer names an option.
        labels: A column with the labels that an answer of form ``letter`` names; None: A, B, C, ...
    """

    options: str | tuple[str, ...]
    answer: str
    form: AnswerForm
    labels: str | None = None

    def contents(self, doc: Doc) -> tuple[str, ...]:
        """The options' texts in the document's order.

        Raises:
            NoChoicesError: There are none.
        """
        if isinstance(self.options, str):
            found = _value(doc, self.options)
            if not isinstance(found, (list, tuple)):
                raise NoChoicesError(f"its column {self.options!r} is no list of options")
        else:
            found = [_value(doc, column) for column in self.options]
        texts = tuple([one if isinstance(one, str) else str(one) for one in found])
        if not texts:
            raise NoChoicesError("it has no options")
        return texts

    def golds(self, doc: Doc) -> tuple[int, ...]:
        """The right options' numbers in the document's order.

        Raises:
            NoChoicesError: The answer names no option.
        """
        contents, value = self.contents(doc), _value(doc, self.answer)
        if self.form == "one_hot":
            marks = self._marks(value, len(contents))
            return tuple(place for place, mark in enumerate(marks) if mark)
        every = value if isinstance(value, (list, tuple)) else [value]
        return tuple([self._number(one, contents, doc) for one in every])

    def names_gold(self, doc: Doc) -> bool:
        """Whether the answer names options; of a document whose answer does not, no order can be checked."""
        try:
            return bool(self.golds(doc))
        except NoChoicesError:
            return False

    def reordered(self, doc: Doc, order: Sequence[int]) -> Doc:
        """A copy of the document with its options in ``order``, and the answer moved along."""
        changed = dict(doc)
        if isinstance(self.options, str):
            found = _value(doc, self.options)
            _put(changed, self.options, type(found)([found[number] for number in order]))
        else:
            values = [_value(doc, self.options[number]) for number in order]
            for column, value in zip(self.options, values, strict=True):
                _put(changed, column, value)
        if self.form != "text":
            _put(changed, self.answer, self._moved(doc, order))
        return changed

    def replaced(self, doc: Doc, texts: Sequence[str]) -> Doc:
        """A copy of the document with other texts as its options; its answer stays where it was."""
        changed = dict(doc)
        if isinstance(self.options, str):
            _put(changed, self.options, list(texts))
        else:
            for column, text in zip(self.options, texts, strict=True):
                _put(changed, column, text)
        if self.form == "text":
            _put(changed, self.answer, self._texts_instead(doc, texts))
        return changed

    def _texts_instead(self, doc: Doc, texts: Sequence[str]) -> Any:
        golds, value = self.golds(doc), _value(doc, self.answer)
        return [texts[gold] for gold in golds] if isinstance(value, (list, tuple)) else texts[golds[0]]

    def _marks(self, value: Any, count: int) -> Sequence[Any]:
        """The marks of an answer of form ``one_hot``, one for each option."""
        if not isinstance(value, (list, tuple)) or len(value) != count or not all(mark in _ONE_HOT for mark in value):
            raise NoChoicesError(f"its answer {value!r:.60} ({self.answer}) is no list of 0 and 1 for {count} options")
        return value

    def _moved(self, doc: Doc, order: Sequence[int]) -> Any:
        contents, value = self.contents(doc), _value(doc, self.answer)
        if self.form == "one_hot":
            return type(value)([value[number] for number in order])
        if isinstance(value, (list, tuple)):
            return [self._written(order.index(self._number(one, contents, doc)), one, doc) for one in value]
        return self._written(order.index(self._number(value, contents, doc)), value, doc)

    def _labels(self, doc: Doc) -> Sequence[str]:
        if self.labels is None:
            return string.ascii_uppercase
        found = _value(doc, self.labels)
        if not isinstance(found, (list, tuple)):
            raise NoChoicesError(f"its column {self.labels!r} is no list of labels")
        return [str(one) for one in found]

    def _number(self, value: Any, contents: Sequence[str], doc: Doc) -> int:
        number = -1
        if self.form == "boolean":
            number = int(value) if isinstance(value, bool) and len(contents) == 2 else -1
        elif self.form == "text":
            number = contents.index(value) if value in contents else -1
        elif self.form == "letter":
            labels = list(self._labels(doc))
            label = str(value).strip()
            label = label if self.labels is not None else label.upper()
            number = labels.index(label) if label in labels else -1
        elif not isinstance(value, bool) and _WHOLE_NUMBER.fullmatch(str(value).strip()):
            number = int(str(value)) - (1 if self.form == "number" else 0)
        if not 0 <= number < len(contents):
            raise NoChoicesError(
                f"its answer {value!r} ({self.answer}, by {self.form}) is none of {len(contents)} options"
            )
        return number

    def _written(self, position: int, before: Any, doc: Doc) -> Any:
        """A position in the form and type of the answer that stood there before."""
        if self.form == "letter":
            labels = self._labels(doc)
            if position >= len(labels):
                raise NoChoicesError(f"there are {len(labels)} labels, and none for option {position + 1}")
            label = labels[position]
            return label.lower() if self.labels is None and str(before).strip().islower() else label
        if self.form == "boolean":
            return bool(position)
        number = position + (1 if self.form == "number" else 0)
        return str(number) if isinstance(before, str) else number


def _value(doc: Doc, column: str) -> Any:
    """A column's value; ``a.b`` is the key ``b`` of the mapping ``a``."""
    if column in doc:
        return doc[column]
    found: Any = doc
    for key in column.split("."):
        if not isinstance(found, Mapping) or key not in found:
            raise NoChoicesError(f"it has no column {column!r}")
        found = found[key]
    return found


def _put(doc: dict[str, Any], column: str, value: Any) -> None:
    first, _, rest = column.partition(".")
    if column in doc or not rest:
        doc[column] = value
        return
    inner = dict(doc[first])
    _put(inner, rest, value)
    doc[first] = inner
