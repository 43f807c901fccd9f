r"""Multiple choice as one question: options with labels before them, of which a model chooses one.

A model that gives no log-probabilities can only be asked which option it chooses, so that it must see the options and
have a name for each. What a task's own prompt shows is left as it is:

    MMLU        "...\nA. 3\nB. 4\nAnswer:"   options "A", "B"       the prompt shows them: nothing is changed
    HellaSwag   "She pours the"              options are texts      "She pours the\n\nA. milk\nB. stone\nAnswer:"
    ARC         "Question: ...\nAnswer:"     options are texts      the list stands before the cue "Answer:"

Few-shot examples are shown in the same way, and their answers are then labels. A cue is put where there is none, since
the answer of an example would else stand in the line of the last option.

Invariant: labels stand in the order of the task's options, so that a position means the same option everywhere. The
options are never shuffled here.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

_LABEL = re.compile(r"[(\[]?(?:[A-Za-z]|\d{1,2}|[ㄱ-ㅎ]|[가-하]|[①-⑳])[)\].:번]?")
_CUE = re.compile(r"(?:^|\n)[^\n]{1,24}[:：][ \t]*$")
"""A last line that only says that the answer follows: "Answer:", "정답:"."""


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question whose prompt shows its options with labels.

    Attributes:
        text: The question with its options.
        labels: Their labels, in order.
        options: Their texts in that order; empty where only the prompt has them.
        has_own_labels: Whether the task's own prompt showed them.
    """

    text: str
    labels: tuple[str, ...]
    options: tuple[str, ...]
    has_own_labels: bool


def labelled_question(question: str, options: Sequence[str]) -> LabelledQuestion:
    """A question with labelled options, as the task shows them or with labels put before them.

    Args:
        question: What doc_to_text gave.
        options: What doc_to_choice gave.
    """
    own = tuple([option.strip() for option in options])
    shown = _shown_options(question, own)
    if shown is not None:
        return LabelledQuestion(question, own, shown, True)
    labels = put_labels(len(own))
    lines = listed(labels, own)
    asked, cue = split_cue(question)
    if not cue:
        before = f"{question.rstrip()}\n\n" if question.strip() else ""
        text = f"{before}{lines}\n{cue_for(question + lines)}"
    else:
        text = f"{asked.rstrip()}\n{lines}\n{cue.lstrip()}".lstrip()
    return LabelledQuestion(text, labels, own, False)


def listed(labels: Sequence[str], options: Sequence[str]) -> str:
    """Options as lines, each behind its label."""
    return "\n".join([f"{label}. {' '.join(option.split())}" for label, option in zip(labels, options, strict=True)])


def split_cue(question: str) -> tuple[str, str]:
    """A question, and the last line that only says that the answer follows, with the line break before it.

    Args:
        question: What doc_to_text gave.

    Returns:
        The two parts of the text; the second is empty where there is no such line.
    """
    cue = _CUE.search(question)
    return (question, "") if cue is None else (question[: cue.start()], question[cue.start() :])


def cue_for(text: str) -> str:
    """What stands before the answer to a question in this language."""
    letters = [letter for letter in text if letter.isalpha()]
    return "정답:" if 2 * sum("가" <= letter <= "힣" for letter in letters) > len(letters) else "Answer:"


def put_labels(count: int) -> tuple[str, ...]:
    """The labels of ``count`` options: capital letters, or numbers where there are more than letters."""
    if count <= len(string.ascii_uppercase):
        return tuple(string.ascii_uppercase[:count])
    return tuple([str(number) for number in range(1, count + 1)])


def _shown_options(question: str, options: Sequence[str]) -> tuple[str, ...] | None:
    """The texts that a question shows beside its labels; None where the options are no labels that it shows."""
    if len(set(options)) < len(options) or not all(_LABEL.fullmatch(option) for option in options):
        return None
    for place in _PLACES:
        if (texts := _texts_after(question, options, place)) is not None:
            return texts
    return None


_PLACES = (
    r"^[ \t]*[(\[]?{label}(?:[)\].:]{{1,2}}|번)[ \t]*",
    r"^[ \t]*{label}[ \t]+",
    r"(?<=\s)(?:[(\[]{label}[)\]]|{label}[)\].:])[ \t]+",
)
"""Where a label is shown: at the beginning of a line, with or without a mark after it, or within one with a mark."""


def _texts_after(question: str, options: Sequence[str], place: str) -> tuple[str, ...] | None:
    """What follows each label up to the next one or the end of the line; the last places, in order."""
    texts: list[str] = []
    end = len(question)
    for option in reversed(options):
        label = re.escape(option.strip("()[].:번"))
        places = list(re.finditer(place.format(label=label), question[:end], re.MULTILINE))
        if not places:
            return None
        last = places[-1]
        texts.append(question[last.end() : end].partition("\n")[0].strip())
        end = last.start()
    return tuple(reversed(texts))
