"""The columns of options and answer: as a task declares them, or candidates of documents that declare none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from proctor.errors import TaskError, did_you_mean
from proctor.refs import Ref
from proctor.tasks.choice_columns import ANSWER_FORMS, AnswerForm, ChoiceColumns
from proctor.tasks.choice_orders import KINDS
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

MOST_WITHOUT_GOLD = 0.1
"""Share of documents whose answer may name no option, where columns are found by trial."""
KEYS = ("options", "answer", "answer_form", "labels", "keep", "question", "unconditional")

UNCONDITIONAL = "Answer:"

_SUFFIX = re.compile(r"(?P<stem>.*?)(?P<suffix>[A-Za-z]|\d{1,2})")


@dataclass(frozen=True, slots=True)
class Declaration:
    """``metadata.choices`` of a task file.

    Attributes:
        columns: Where the options and the answer are.
        keep: Kinds of documents that keep an order, besides those of the run; or a function of the document that
            gives the positions which keep their option.
        question: The question without options and cue: a column, a template or a function; None: not declared.
        unconditional: The prompt that says nothing of the document, with which ``acc_pmi`` compares.
    """

    columns: ChoiceColumns
    keep: tuple[str, ...] | Ref = ()
    question: str | Ref | None = None
    unconditional: str = UNCONDITIONAL


class DeclarationError(ValueError):
    """``metadata.choices`` is not what it should be.

    Attributes:
        message: What it is or has, as it reads after "metadata.choices", without a full stop.
        hint: What there is instead.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def declared_choices(spec: TaskSpec) -> Declaration | None:
    """``metadata.choices``; None: the task declares none.

    Raises:
        TaskError: It is not what it should be.
    """
    try:
        return declaration(spec.metadata)
    except DeclarationError as error:
        raise TaskError(spec.error(f"metadata.choices {error.message}.", "metadata", hint=error.hint)) from error


def declaration(metadata: Any) -> Declaration | None:
    """``choices`` of a task's ``metadata``; None: it declares none.

    Raises:
        DeclarationError: It is not what it should be.
    """
    given = metadata.get("choices") if isinstance(metadata, Mapping) else None
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise DeclarationError(f"must be a mapping with {', '.join(KEYS[:3])}, not {given!r}")
    for key in given:
        if key not in KEYS:
            hint = did_you_mean(str(key), KEYS) or f"There are {', '.join(KEYS)}."
            raise DeclarationError(f"has no key {key!r}", hint)
    options, answer = given.get("options"), given.get("answer")
    if isinstance(options, list) and all(isinstance(one, str) for one in options) and len(options) > 1:
        options = tuple(options)
    elif not isinstance(options, str):
        raise DeclarationError(f"must have 'options', a column or a list of columns, not {options!r}")
    if not isinstance(answer, str):
        raise DeclarationError(f"must have 'answer', a column, not {answer!r}")
    form = given.get("answer_form", "index")
    if form not in ANSWER_FORMS:
        raise DeclarationError(f"has the answer_form {form!r}", f"There are {', '.join(ANSWER_FORMS)}.")
    labels = given.get("labels")
    if labels is not None and not isinstance(labels, str):
        raise DeclarationError(f"must have a column as 'labels', not {labels!r}")
    keep = given.get("keep") or []
    if not isinstance(keep, Ref) and not (isinstance(keep, list) and all(one in KINDS for one in keep)):
        raise DeclarationError(f"has {keep!r} as 'keep'", f"It is a list of {', '.join(KINDS)}, or a !function.")
    question, unconditional = given.get("question"), given.get("unconditional", UNCONDITIONAL)
    if not (question is None or isinstance(question, Ref) or (isinstance(question, str) and question.strip())):
        raise DeclarationError(f"must have a column, a template or a !function as 'question', not {question!r}")
    if not isinstance(unconditional, str) or not unconditional.strip():
        raise DeclarationError(f"must have a text as 'unconditional', not {unconditional!r}")
    columns = ChoiceColumns(options, answer, cast("AnswerForm", form), labels)
    return Declaration(columns, keep if isinstance(keep, Ref) else tuple(keep), question, unconditional)


def candidates(documents: Sequence[Doc]) -> Iterator[ChoiceColumns]:
    """Columns that may be the options and the answer, the likelier ones first.

    Args:
        documents: Some documents of the task.
    """
    if not documents:
        return
    columns = list(documents[0])
    answers = sorted(columns, key=lambda name: (not re.search("answer|gold|label|target|correct", name.lower()), name))
    for options, labels in _option_columns(documents[0]):
        used = {options} if isinstance(options, str) else set(options)
        for answer in answers:
            if answer in used:
                continue
            for form in ANSWER_FORMS:
                found = ChoiceColumns(options, answer, form, labels if form == "letter" else None)
                if _fits(found, documents):
                    yield found


def option_lists(documents: Sequence[Doc]) -> list[str]:
    """Columns that may hold a list of options, whatever may name the right one."""
    return [name for name, _ in _option_columns(documents[0]) if isinstance(name, str)] if documents else []


def _fits(columns: ChoiceColumns, documents: Sequence[Doc]) -> bool:
    """Whether nearly all answers name options: a document without a usable gold must not cost a task its orders."""
    named = sum(map(columns.names_gold, documents))
    return named > 0 and len(documents) - named <= MOST_WITHOUT_GOLD * len(documents)


def _option_columns(doc: Doc) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """Columns that may hold options, each with the column of their labels if there is one."""
    for name, value in doc.items():
        if _is_texts(value):
            yield name, None
        elif isinstance(value, Mapping):
            lists = [key for key, inner in value.items() if _is_texts(inner)]
            for key in sorted(lists, key=lambda key: key != "text"):
                others = [one for one in lists if one != key and len(value[one]) == len(value[key])]
                yield f"{name}.{key}", f"{name}.{others[0]}" if others else None
    yield from ((names, None) for names in _families(doc))


def _is_texts(value: Any) -> bool:
    """Whether it is a list of texts, or of numbers, which a template shows as texts."""
    return isinstance(value, (list, tuple)) and len(value) > 1 and all(map(_is_text, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _families(doc: Doc) -> Iterator[tuple[str, ...]]:
    """Columns of texts whose names differ in a last letter or number that counts up: A, B, C; option1, option2."""
    stems: dict[str, list[tuple[int, str]]] = {}
    for name, value in doc.items():
        match = _SUFFIX.fullmatch(name)
        if match is None or not _is_text(value):
            continue
        suffix = match["suffix"]
        place = int(suffix) if suffix.isdecimal() else ord(suffix.lower())
        stems.setdefault(match["stem"], []).append((place, name))
    for members in stems.values():
        members.sort()
        first = members[0][0]
        consecutive = [name for number, (place, name) in enumerate(members) if place == first + number]
        if len(consecutive) > 1 and first in (0, 1, ord("a")):
            yield tuple(consecutive)
