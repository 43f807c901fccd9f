"""Targets against options: what can be read, and what all the targets of a task say together.

A target that names no option scores 0 whatever a model answers, which looks like a score. One such
document may be meant; where it is all of them, nothing would be measured, and a run does not begin.
The same looks at the documents of ``validate``, ``run`` and ``preview``.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from typing import Any

from proctor.check.findings import Findings
from proctor.errors import did_you_mean, value_text
from proctor.tasks.output_types.base import TargetUse
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.prompt import position_hint
from proctor.tasks.spec import TaskSpec

UNLIKELY = 0.01
"""How probable it may be at most that option 0 is never right by chance, for that to be said."""

_BARE = re.compile(r"\s*\{\{-?[^-+*{}()]*(?:\|\s*(?:int|string|trim)\b[^-+*{}]*)?-?\}\}\s*")
"""A template that writes a column as it is; one that calculates with it gives a position on purpose."""
_MINUS_ONE = re.compile(r"-\s*1\b")
_LETTERS = "ABCDEFGHIJ"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
_WITHHELD = frozenset({"?", "-", "--", "none", "null", "nan", "n/a", "na", "-1"})
"""Words in lower case that stand for a label that was not published, where all documents have the same."""


def needs_gold(spec: TaskSpec) -> bool:
    """Whether documents are scored by their target: not by functions of the task, and scored at all."""
    return spec.process_results is None and not spec.predict_only and spec.metric_names != ("bypass",)


class TargetCheck:
    """The targets of one task. ``multiple_input``: the gold is what doc_to_text gives."""

    def __init__(self, spec: TaskSpec, findings: Findings, *, multiple_input: bool = False) -> None:
        self._spec, self._findings = spec, findings
        self._output = output_type_of(spec)
        self._key = "doc_to_text" if multiple_input else "doc_to_target"
        self._total = self._bad = self._unpublished = 0
        self._counts = needs_gold(spec) and self._output.has_prompt
        self._together = _GoldPattern(spec, findings)
        self._withheld: set[str] = set()

    @property
    def is_unreadable(self) -> bool:
        """Whether no target that was looked at can be read."""
        return self._total > 0 and (self._bad == self._total or self._is_withheld)

    @property
    def total(self) -> int:
        """Number of targets that were looked at."""
        return self._total

    @property
    def _is_withheld(self) -> bool:
        return self._unpublished == self._total > 1 and len(self._withheld) == 1

    def look(self, number: int, gold: Any, choices: Sequence[str] | None) -> None:
        """Look at one document.

        Args:
            number: Its position.
            gold: Its target.
            choices: Its options; None: the target itself is what is right.
        """
        if not self._counts:
            return
        self._total += 1
        if self._output.target_use is TargetUse.SCORED:
            self._empty(number, gold, "there is nothing to score", note=False)
        elif choices is not None:
            self._among(number, gold, choices)
        elif self._output.target_use is TargetUse.COMPARED:
            self._text(number, gold)

    def finish(self) -> None:
        """Add what all targets say together."""
        if self._is_withheld:
            self._findings.make_error((self._key, "withheld"))
        if self.is_unreadable:
            self._findings.make_error((self._key, "empty"))
        else:
            self._together.finish()

    def _among(self, number: int, gold: Any, choices: Sequence[str]) -> None:
        if type(gold) is int and 0 <= gold < len(choices):  # nearly always
            self._together.look(number, gold, choices)
            return
        several = isinstance(gold, (list, tuple))
        wrong = [error for one in (gold if several else (gold,)) if (error := wrong_target(one, choices)) is not None]
        if several and not gold:
            wrong = [("none", "an empty list: any answer counts as wrong.", None)]
        for kind, message, hint in wrong:
            finding = self._spec.error(f"{self._key} gave {message}", self._key, hint=hint)
            self._findings.on(number, (self._key, kind), finding, value=short(gold))
        if wrong and (not several or len(wrong) == max(len(gold), 1)):
            self._bad += 1
        elif not several:
            self._together.look(number, gold, choices)

    def _text(self, number: int, gold: Any) -> None:
        if not self._empty(number, gold, "any answer but an empty one counts as wrong", note=True):
            word = str(gold).strip().lower()
            if word in _WITHHELD:
                self._unpublished += 1
                self._withheld.add(word)
                message = f"doc_to_target gave {short(gold)}, which looks like a label that was not published."
                self._on(number, message, "withheld", note=True)

    def _empty(self, number: int, gold: Any, means: str, *, note: bool) -> bool:
        is_scored = self._output.target_use is TargetUse.SCORED
        if not _is_nothing(gold) or (isinstance(gold, str) and gold and is_scored):
            return False  # white space is text, and can be scored
        self._bad += 1
        what = "gave nothing (null)" if gold is None else f"gave {short(gold)}" if gold != "" else "is empty"
        self._on(number, f"doc_to_target {what}: {means}.", "empty", note=note)
        return True

    def _on(self, number: int, message: str, kind: str, *, note: bool) -> None:
        self._findings.on(number, (self._key, kind), self._spec.error(message, self._key), note=note)


class _GoldPattern:
    """Golds that are options, each for itself: is their pattern that of a mistake?"""

    def __init__(self, spec: TaskSpec, findings: Findings) -> None:
        self._spec, self._findings = spec, findings
        target = spec.prompt.target
        self._from_template = isinstance(target, str) and _BARE.fullmatch(target) is not None
        self._counts_down = isinstance(target, str) and _MINUS_ONE.search(target) is not None
        self._numbers: set[int] = set()
        self._count = self._texts = self._ambiguous = 0
        self._chance = 0.0
        self._first: tuple[int, str, str] | None = None

    def look(self, number: int, gold: Any, choices: Sequence[str]) -> None:
        if isinstance(gold, str):
            self._texts += 1
            return
        place = operator.index(gold)
        self._count += 1
        self._numbers.add(place)
        # The logarithm of the chance that option 0 is right in none of the documents so far, if golds were drawn by
        # lot: as a product it would underflow after a few thousand documents.
        self._chance += math.log1p(-1 / len(choices)) if len(choices) > 1 else 0.0
        text = str(place)
        # "{{ answer }}" rendered "2", and the options are 1, 2, 3, 4: the position 2 is the option "3".
        if self._from_template and text in choices and choices[place] != text:
            self._ambiguous += 1
            self._first = self._first or (number, text, choices[place])

    def finish(self) -> None:
        # One gold that is the same everywhere is no count from 1; it has other explanations.
        is_odd = self._texts == 0 and 0 not in self._numbers and len(self._numbers) > 1
        if is_odd and not self._counts_down and self._chance < math.log(UNLIKELY):
            message = f"doc_to_target: 0 never occurs in {self._count:,} documents: counted from 1?"
            hint = "Options are numbered from 0. Where the data counts from 1: '{{ column - 1 }}'."
            self._findings.say(message, "doc_to_target", hint=hint, note=True)
        if self._first is not None and (self._texts or self._ambiguous == self._count):
            number, text, meant = self._first
            more = f" and {self._ambiguous - 1:,} more" if self._ambiguous > 1 else ""
            message = (
                f"doc_to_target gave the number {text}, which is option {text} counted from 0 ({short(meant)}), but "
                f"{text!r} is the text of another option (document {number}{more})."
            )
            hint = "A template's digits are a position. To look the text up: '{{ [a, b, c].index(column) }}'."
            self._findings.say(message, "doc_to_target", hint=hint, note=True)


def _is_nothing(gold: Any) -> bool:
    if isinstance(gold, str):
        return not gold.strip()
    return (
        gold is None or (isinstance(gold, float) and math.isnan(gold)) or (isinstance(gold, (list, tuple)) and not gold)
    )


def wrong_target(target: Any, choices: Sequence[str]) -> tuple[str, str, str | None] | None:
    """Kind, sentence and remedy if ``target`` is not one of the choices, by position or text."""
    size = len(choices)
    if isinstance(target, str):
        if target in choices:
            return None
        message = f"{short(target)}, which is none of the choices: any answer counts as wrong."
        return "choice", message, _text_hint(target, choices)
    try:
        place = operator.index(target)
    except TypeError:
        kind = type(target).__name__
        return "type", f"{short(target)} ({kind}), neither the number of a choice nor its text.", _cast(target)
    if 0 <= place < size:
        return None
    return "range", f"{target}, but there are {size} choices: any answer counts as wrong.", position_hint(place, size)


def _text_hint(target: str, choices: Sequence[str]) -> str | None:
    size = len(choices)
    if target.isdecimal() and target.isascii():
        return (
            "Digits of a column are text. A template makes a number of them: '{{ column }}' where the data counts "
            "from 0, '{{ column | int - 1 }}' where it counts from 1."
        )
    if len(target) == 1 and target.upper() in _LETTERS:
        return f"Make a number of the letter: '{{{{ \"{_LETTERS[:size]}\".index(column) }}}}'."
    if len(target) == 1 and target in _CIRCLED:
        return f"Make a number of the sign: '{{{{ \"{_CIRCLED[:size]}\".index(column) }}}}'."
    return did_you_mean(target, choices)


def _cast(target: Any) -> str | None:
    if isinstance(target, float) and not math.isnan(target):
        return "Make it a whole number: '{{ column | int }}'."
    return None


def short(value: Any) -> str:
    """How a value reads in a sentence, in at most 80 characters.

    Args:
        value: Any value.
    """
    text = value_text(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
