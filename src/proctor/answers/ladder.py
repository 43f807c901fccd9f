"""The answer ladder: which option a reply chose, by the strongest evidence that it holds, and by which.

Without log-probabilities all that is known of a model's choice is what it wrote. One pattern reads too little or too
much: "the first capital letter" takes the article "A" for an option, one "Answer: X" misses most replies. So rungs of
evidence are tried in order, from what cannot mean anything else down to the only label that is mentioned, and the first
that finds something decides. What none of them reads is no answer, with a reason: it counts as wrong and is counted
apart. Nothing is drawn at random.

Invariants: an index that is returned belongs to a label, or to an option's text, that occurs in the reply; the time is
linear in the length of the reply (see ``reply``). Source: the replies in ``tests/answers/replies.jsonl``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.answers.labels import CLOSE, LABEL, Labels, bare_labels, labels_of, mark, position, unmark
from proctor.answers.reply import after_reasoning, plain_letters, shorten, without_markup
from proctor.answers.statements import AMBIGUOUS, declares_other_label, find_statement, is_denied
from proctor.answers.verdicts import (
    by_verdicts,
    declared_option,
    equal_option,
    labelled_lines,
    leading_option,
    option_words,
    quoted_option,
    rejected,
)
from proctor.types import Finish

Rung: TypeAlias = Literal[
    "json", "whole", "option", "statement", "last_line", "labelled", "verdicts", "option_text", "single"
]
"""By what an answer was found, the strongest first."""

Reason: TypeAlias = Literal["empty", "truncated", "refusal", "ambiguous", "no_label"]
"""Why none was found."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Which option a reply chose.

    Attributes:
        index: Its position among the labels; None: no answer was found.
        how: The rung that found it, or the reason.
    """

    index: int | None
    how: Rung | Reason


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the rungs look at: the text with markup, and without and its labels marked; labels; options as words."""

    raw: str
    text: str
    labels: Labels
    options: tuple[str, ...]

    @property
    def plain(self) -> str:
        """The text with its labels as names."""
        return unmark(self.text, self.labels)

    @property
    def last_line(self) -> str:
        return self.text.rpartition("\n")[2]


_JSON_FIELD = re.compile(
    r"[\"'](?:final_?|correct_?|best_?)?(?:answer|choice|option|label|selection|letter|정답|답|답안)[\"'] {0,3}: {0,3}"
    r"(?:\"([^\"\n]{0,400})\"|'([^'\n]{0,400})'|(\d{1,4})|(\[[^\]\n]{0,200}\]))",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:i'?m sorry|i am sorry|i apologi[sz]e|as an ai\b|unable to (?:answer|assist|help|determine)|"
    r"i (?:cannot|can't|can not|won't|am unable|am not able|don't have enough|do not have enough)|"
    r"i'?m (?:not able|unable))|"
    r"죄송|답변할 수 없|답변을 드릴 수 없|도와드릴 수 없|알 수 없|모르겠|대답할 수 없",
    re.IGNORECASE,
)
_NEXT_QUESTION = re.compile(r"\n(?:Question|Q|질문|문제|문항) ?\d{0,4} ?[.:)]", re.IGNORECASE)


_ONLY_LABEL = re.compile(
    r"(?:(?:the |my )?(?:final |correct |best )?(?:answer|option|choice) ?[:#]? ?|선택지 ?|보기 ?)?"
    rf"{LABEL}{CLOSE}(?:번|항)?(?:입니다|이다|임|이에요|예요|요|이 정답(?:입니다|이다)?)?[.。,:;!]{{0,3}}{CLOSE}",
    re.IGNORECASE,
)


def _label_alone(line: str) -> int | None:
    """The label that is all of a line, however it is decorated."""
    match = _ONLY_LABEL.fullmatch(line.strip()) if len(line) <= 60 else None
    return None if match is None else position(match[1])


def _from_json(reply: _Reply) -> int | None:
    fields = list(_JSON_FIELD.finditer(reply.raw)) if "{" in reply.raw else []
    if not fields:
        return None
    value = next(group for group in fields[-1].groups() if group is not None)
    plain = without_markup(value)
    text = mark(plain, reply.labels)
    if value.startswith("["):
        found = {index for index, _ in bare_labels(text, reply.labels)}
        return found.pop() if len(found) == 1 else AMBIGUOUS if found else None
    for index in (_label_alone(text), equal_option(plain, reply.options)):
        if index is not None:
            return index
    lines = labelled_lines(text)
    return lines[0][0] if lines else None


def _from_whole(reply: _Reply) -> int | None:
    return _label_alone(reply.text)


def _from_option(reply: _Reply) -> int | None:
    return equal_option(reply.plain, reply.options)


def _from_statement(reply: _Reply, is_whole: bool = True) -> int | None:
    statement = find_statement(reply.text, is_whole=is_whole)
    if statement is None:
        return None
    # "Answer: B positive", "A and D only": an option's text may begin with a label, its own or another one.
    line = unmark(reply.text[statement.start : statement.start + 400].partition("\n")[0], reply.labels)
    stated = leading_option(line, reply.options)
    if stated is not None and len(reply.options[stated]) > max(map(len, reply.labels.names)):
        return stated
    return statement.index


def _from_last_line(reply: _Reply) -> int | None:
    return _label_alone(reply.last_line)


def _from_first_line(reply: _Reply) -> int | None:
    return _label_alone(reply.text.partition("\n")[0])


_IS_NOT_IT = re.compile(r"(?:은|는|이|가)? ?(?:아니|아닙|isn't\b|(?:is )?not\b)", re.IGNORECASE)


def _from_labelled_line(reply: _Reply) -> int | None:
    """The only line that begins with a label: the first or the last, with its option's text where known."""
    first, _, _ = reply.text.partition("\n")
    if (alone := _from_first_line(reply)) is not None:
        return alone
    lines = labelled_lines(reply.text)
    if len({index for index, _ in lines}) != 1 or _IS_NOT_IT.match(lines[-1][1]):
        return None
    index, rest = lines[-1]
    outer = [line for line in (first, reply.last_line) if labelled_lines(line)]
    if not outer or len({label for label, _ in bare_labels(outer[-1], reply.labels)} - {index}) > 0:
        return None
    if leading_option(unmark(rest, reply.labels), reply.options) == index:
        return index
    stands_for_answer = re.match("a ?:", unmark(outer[-1], reply.labels), re.IGNORECASE) is not None  # as in "Q:", "A:"
    return None if any(reply.options) or stands_for_answer else index


def _from_verdicts(reply: _Reply) -> int | None:
    return by_verdicts(reply.text, reply.labels)


def _from_option_text(reply: _Reply) -> int | None:
    if not any(reply.options):
        return None
    last_line = reply.plain.rpartition("\n")[2]
    for index in (declared_option(reply.plain, reply.options), leading_option(last_line, reply.options)):
        if index is not None:
            return index
    for text in (last_line, reply.plain):
        if (index := quoted_option(text, reply.options)) is not None:
            return index
    return None


def _from_single(reply: _Reply) -> int | None:
    wrong = rejected(reply.text, reply.labels)
    mentions = bare_labels(reply.text, reply.labels)
    if len({index for index, _ in mentions}) > 1:
        return AMBIGUOUS
    found = {index for index, match in mentions if not is_denied(reply.text, match, match.lastindex or 1)} - wrong
    return found.pop() if found else None


_Find: TypeAlias = Callable[[_Reply], int | None]
_STRONG: tuple[tuple[Rung, _Find], ...] = (("json", _from_json), ("whole", _from_whole), ("option", _from_option))
_RUNGS: tuple[tuple[Rung, _Find], ...] = (
    *_STRONG,
    ("statement", _from_statement),
    ("last_line", _from_last_line),
    ("labelled", _from_labelled_line),
    ("verdicts", _from_verdicts),
    ("option_text", _from_option_text),
    ("single", _from_single),
)
_RUNGS_TRUNCATED: tuple[tuple[Rung, _Find], ...] = (
    *_STRONG,
    ("statement", lambda reply: _from_statement(reply, is_whole=False)),
    ("labelled", _from_first_line),
)
"""The rungs of a reply that did not come to its end: it may have been weighing an option when it stopped."""


def _climb(reply: _Reply, rungs: tuple[tuple[Rung, _Find], ...]) -> Answer | None:
    for rung, find in rungs:
        if rung in ("option_text", "single") and declares_other_label(reply.text):
            return None
        if rung == "single" and _REFUSAL.search(reply.text[:300]):
            return None
        index = find(reply)
        if index is not None:
            return Answer(None, "ambiguous") if index == AMBIGUOUS else Answer(index, rung)
    return None


def find_answer(
    reply: str, labels: Sequence[str], options: Sequence[str] = (), finish: Finish | None = "stop"
) -> Answer:
    """Which option a reply chose.

    >>> find_answer("Light bends, so the answer is **B**.", ["A", "B", "C", "D"])
    Answer(index=1, how='statement')

    Args:
        reply: All that the model wrote, reasoning included.
        labels: The labels of the options, in order: ``A``, ``1``, ``ㄱ``, ``가``, ``①``.
        options: The options' texts in the same order; empty where they are not known.
        finish: Why the reply ended. Of one that did not end by itself only strong evidence counts.

    Returns:
        The option's position and the rung that found it, or None and the reason. It never raises.
    """
    rest = after_reasoning(reply)
    if rest is None:
        return Answer(None, "truncated")
    raw = shorten(plain_letters(shorten(rest)))
    text = without_markup(raw)
    if not text:
        return Answer(None, {"length": "truncated", "filter": "refusal"}.get(finish or "stop", "empty"))  # type: ignore[arg-type]
    names = labels_of(tuple(labels))
    known = option_words(tuple(options)) if len(options) == len(labels) else ()
    whole = _Reply(raw, mark(text, names), names, known)
    rungs = _RUNGS if finish in ("stop", None) else _RUNGS_TRUNCATED
    return _before_next_question(whole) or _climb(whole, rungs) or Answer(None, _reason(text, finish))


def _before_next_question(reply: _Reply) -> Answer | None:
    """The answer before a question that the model went on to ask itself."""
    following = _NEXT_QUESTION.search(reply.text)
    head = reply.text[: following.start()].strip() if following is not None else ""
    return _climb(_Reply("", head, reply.labels, reply.options), _RUNGS_TRUNCATED) if head else None


def _reason(text: str, finish: Finish | None) -> Reason:
    if finish == "length":
        return "truncated"
    return "refusal" if finish == "filter" or _REFUSAL.search(text) else "no_label"
