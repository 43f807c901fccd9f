"""What is worth knowing about documents before they are written: what, besides knowledge, could give a score."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.analysis.baselines import extreme_length, majority_position
from proctor.analysis.distributions import chi_square_tail
from proctor.analysis.duplicates import (
    Item,
    duplicate_groups,
    item_shingles,
    leaks,
    near_duplicates,
    with_equal_options,
)
from proctor.analysis.option_kinds import item_kind
from proctor.new.documents import NewDocument
from proctor.plurals import counted

MOST_COMPARED = 20_000
"""Documents up to which near duplicates are looked for."""

EQUAL = 0.999
"""The similarity from which a few-shot example is one of the documents."""

SKEWED, UNLIKELY = 1.6, 0.001
"""How much more often than by chance a position may be the right one (40 % of four options), and the p of a skew."""

Level: TypeAlias = Literal["warning", "note"]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the documents: a warning is to be looked at, a note is worth knowing."""

    level: Level
    text: str


def check_documents(documents: Sequence[NewDocument]) -> list[Remark]:
    """All remarks on the documents of a new task, in a fixed order.

    Args:
        documents: At least one.
    """
    return [*_counts(documents), *_positions(documents), *_lengths(documents), *_repeats(documents), *_texts(documents)]


def _counts(documents: Sequence[NewDocument]) -> list[Remark]:
    sizes = Counter(len(document.options) for document in documents)
    kinds = ", ".join(f"{count:,} of {size}" for size, count in sorted(sizes.items()))
    text = f"{counted(len(documents), 'document')}; options: {kinds if len(sizes) > 1 else next(iter(sizes))}"
    several = sum(len(document.golds) > 1 for document in documents)
    return [Remark("note", f"{text}; {several:,} with several right options" if several else text)]


def _single(documents: Sequence[NewDocument]) -> list[NewDocument]:
    return [document for document in documents if len(document.golds) == 1]


def _positions(documents: Sequence[NewDocument]) -> list[Remark]:
    single = _single(documents)
    if not single:
        return []
    golds, sizes = [document.golds[0] for document in single], [len(document.options) for document in single]
    found = majority_position(golds, sizes)
    shares = ", ".join(f"{letter(at)} {count}" for at, count in enumerate(found.counts))
    score = found.baseline.acc
    text = f"right options by position: {shares}; always {letter(found.position)} would score {score:.2f}"
    text += f", chance is {found.baseline.chance:.2f}"
    expected = [sum(1 / size for size in sizes if size > at) for at in range(max(sizes))]
    statistic = sum((count - mean) ** 2 / mean for count, mean in zip(found.counts, expected, strict=True) if mean)
    skewed = len(single) >= 10 and score > SKEWED * found.baseline.chance
    if max(sizes) > 1 and (skewed or chi_square_tail(statistic, max(sizes) - 1) < UNLIKELY):
        text += ". Use --choice_orders, or shuffle the options in the source"
        return [Remark("warning", text)]
    return [Remark("note", text)]


def _lengths(documents: Sequence[NewDocument]) -> list[Remark]:
    single = _single(documents)
    if not single:
        return []
    golds, options = [document.golds[0] for document in single], [document.options for document in single]
    _, baseline = extreme_length(options, golds, longest=True)
    equal = sum(len(set(map(len, texts))) == 1 for texts in options)
    if equal == len(options):
        return []
    share = sum(
        len(texts[gold]) == max(map(len, texts)) and len(set(map(len, texts))) > 1
        for texts, gold in zip(options, golds, strict=True)
    )
    text = f"the right option is the longest, or one of the longest, in {share / len(single):.0%}"
    # Without this the score can be above the share: where all are equally long, it has what chance gives.
    text += f", and all options are equally long in {equal / len(single):.0%}" if equal else ""
    text += f"; always the longest would score {baseline.acc:.2f}"
    return [Remark("warning" if baseline.conspicuous and len(single) >= 10 else "note", text)]


def _repeats(documents: Sequence[NewDocument]) -> list[Remark]:
    remarks: list[Remark] = []
    items = [_item(one) for one in documents]
    groups = duplicate_groups(items)
    contrary = [group for group in groups if group.contradiction]
    same = [group for group in groups if not group.contradiction]
    if contrary:
        where = _pairs(documents, [group.items for group in contrary])
        remarks.append(Remark("warning", f"the same question with another right option: {where}"))
    if same:
        remarks.append(Remark("warning", f"the same question twice: {_pairs(documents, [one.items for one in same])}"))
    if len(documents) <= MOST_COMPARED:
        known = {frozenset(pair) for group in groups for pair in ((a, b) for a in group.items for b in group.items)}
        near = near_duplicates([item_shingles(item) for item in items])
        found = [(one, other) for one, other, _ in near if frozenset((one, other)) not in known]
        if found:
            remarks.append(Remark("note", f"nearly the same question: {_pairs(documents, found)}"))
    equal = with_equal_options([document.options for document in documents])
    if equal:
        remarks.append(Remark("warning", f"two equal options: {places([documents[at] for at in equal])}"))
    return remarks


def _item(document: NewDocument) -> Item:
    golds = " ".join(document.options[gold] for gold in document.golds)
    return Item(f"{document.context}\n{document.question}", document.options, golds)


def repeated(documents: Sequence[NewDocument]) -> set[int]:
    """The positions of documents whose question and options occur more than once.

    Args:
        documents: Those of one subject.
    """
    return {at for group in duplicate_groups([_item(one) for one in documents]) for at in group.items}


def check_examples(examples: Sequence[NewDocument], evaluated: Sequence[NewDocument]) -> list[Remark]:
    """A warning where few-shot examples of a subject are evaluated as well, with their answers in the prompt.

    Args:
        examples: The few-shot examples of one subject.
        evaluated: Its other documents.
    """
    found = leaks([_item(one) for one in examples], [_item(one) for one in evaluated], EQUAL)
    if not found:
        return []
    shown = "; ".join(f"{examples[one.example].place} and {evaluated[one.item].place}" for one in found[:3])
    more = f"; {len(found) - 3:,} more" if len(found) > 3 else ""
    return [Remark("warning", f"a few-shot example is evaluated too, and its answer is in the prompt: {shown}{more}")]


def _pairs(documents: Sequence[NewDocument], groups: Sequence[Sequence[int]]) -> str:
    shown = [" and ".join(documents[at].place for at in group[:3]) for group in groups[:3]]
    more = f"; {len(groups) - 3:,} more" if len(groups) > 3 else ""
    return "; ".join(shown) + more


_HTML = re.compile(
    r"</?(?:p|br|b|i|u|em|strong|sub|sup|span|div|table|tr|td|li|ul|ol|font)\b[^<>]*>|&(?:nbsp|lt|gt|amp|quot);", re.I
)
_LATEX = re.compile(
    r"\\(?:frac|sqrt|mathrm|text|cdot|times|left|right|begin|alpha|beta|theta|pi|sum|int)\b|\$[^$\n]+\$"
)
# From the sign on: from each letter of a long word on, a passage of a megabyte would take hours.
_MAIL = re.compile(r"(?<=[\w.+-])@[\w-]+\.[\w.-]+")
_RESIDENT = re.compile(r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?-\s?[1-8]\d{6}(?!\d)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FIGURE = "(?:figure|picture|image|graph|diagram)"
_SHOWN = re.compile(
    rf"(?:다음|아래|위)\s*(?:그림|사진|그래프|표|지도)|{_FIGURE} (?:below|above)|(?:shown|following) {_FIGURE}", re.I
)


def _texts(documents: Sequence[NewDocument]) -> list[Remark]:
    kinds: tuple[tuple[Level, str, Callable[[NewDocument], bool]], ...] = (
        ("warning", "the question contains the right option and no other", _gives_itself_away),
        ("note", "an option speaks of the others (\"all of the above\"): it stays in its place under --choice_orders",
         lambda one: item_kind(one.options, one.question).kind in ("fixed", "pinned")),
        ("warning", "HTML, which the model sees as it is written", lambda one: _HTML.search(_all(one)) is not None),
        ("note", "LaTeX, which the model sees as it is written", lambda one: _LATEX.search(_all(one)) is not None),
        ("warning", "the question speaks of a figure or a table that may not be there", _speaks_of_a_figure),
        ("warning", "a control character, which no reader sees", lambda one: _CONTROL.search(_all(one)) is not None),
        ("warning", "an e-mail address", lambda one: _MAIL.search(_all(one)) is not None),
        ("warning", "what looks like a Korean resident number", lambda one: _RESIDENT.search(_all(one)) is not None),
    )  # fmt: skip
    remarks = list[Remark]()
    for level, what, test in kinds:
        found = [document for document in documents if test(document)]
        if found:
            remarks.append(Remark(level, f"{what}: {places(found)}"))
    return remarks


def _speaks_of_a_figure(document: NewDocument) -> bool:
    return not document.context and _SHOWN.search(document.question) is not None and len(document.question) < 150


def _gives_itself_away(document: NewDocument) -> bool:
    if len(document.golds) != 1:
        return False
    question = document.question.casefold()
    inside = [
        at for at, option in enumerate(document.options) if len(option) > 1 and _stands_in(option.casefold(), question)
    ]
    return inside == [document.golds[0]]


def _stands_in(option: str, question: str) -> bool:
    if option not in question:
        return False
    if option.isascii():
        return re.search(rf"(?<![a-z0-9]){re.escape(option)}(?![a-z0-9])", question) is not None
    return True


def _all(document: NewDocument) -> str:
    return "\n".join((document.context, document.question, *document.options))


def places(documents: Sequence[NewDocument]) -> str:
    """Where documents stand: the first three, and how many more.

    Args:
        documents: At least one.
    """
    shown = ", ".join(document.place for document in documents[:3])
    return shown if len(documents) <= 3 else f"{shown} and {len(documents) - 3:,} more"


def letter(at: int) -> str:
    """A, B, C, ... for a position from 0."""
    return chr(65 + at) if at < 26 else str(at + 1)
