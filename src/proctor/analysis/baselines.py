"""Baselines: what an exam gives away to who knows nothing."""

#   chance               mean of (golds / options): guessing
#   majority position    always the same letter: the honest chance level where golds are not spread evenly
#   longest, shortest    always the longest option: authors write right answers out
#
# A score below the best of them is no evidence of knowledge. Chance correction is done on the score, ``(acc -
# chance)/(1 - chance)``; correcting each document first (formula scoring) weighs documents by their number of options
# and is given beside it.
#
# Sources: F. M. Lord, "Formula scoring and number-right scoring", 1975; N. Balepur et al., 2402.12483 (choices only);
# W. Hoeffding 1956 (sums of trials with different probabilities).

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.distributions import binomial_tail, binomial_window
from proctor.analysis.option_kinds import option_kind
from proctor.analysis.statistic import Statistic, check_same_length, check_some, is_binary
from proctor.errors import AnalysisError

CONSPICUOUS = 3
"""Standard errors above chance from which a baseline is a warning."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A score beside what guessing gives."""

    chance: float
    chance_items: tuple[float, ...]
    """Golds / options of each document."""
    acc: float
    corrected: Statistic
    """``(acc - chance) / (1 - chance)``; None where guessing is always right."""
    corrected_scale: float | None
    """What a standard error of ``acc`` is divided by for the corrected one: ``1 - chance``."""
    p_above: float
    """The probability that guessing gets as many right, or more."""
    formula_score: Statistic
    """Mean of ``(right_i - chance_i)/(1 - chance_i)`` over the documents where guessing can be wrong."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accuracy of a rule that knows no content, beside chance."""

    acc: float
    chance: float
    stderr: float
    """Of ``acc`` if the rule were a guess: ``sqrt(sum chance_i (1 - chance_i)) / n``."""
    conspicuous: bool
    """Whether it is more than three standard errors above chance."""


@dataclass(frozen=True, slots=True)
class MajorityPosition:
    """The best constant position."""

    position: int
    """The first of equally good ones."""
    counts: tuple[int, ...]
    """Golds at each position."""
    baseline: Baseline


def chance_level(options: Sequence[int], golds: Sequence[int]) -> list[float]:
    """The probability of each document that guessing is right.

    Args:
        options: How many options each of n documents has.
        golds: How many of them are right.

    Raises:
        AnalysisError: Lengths differ, or a document has no gold or more golds than options.
    """
    check_same_length(options, golds, "numbers of options and of golds")
    for position, (k, gold) in enumerate(zip(options, golds, strict=True)):
        if not 1 <= gold <= k:
            raise AnalysisError(f"Document {position} has {gold} golds among {k} options.")
    return [gold / k for k, gold in zip(options, golds, strict=True)]


def against_chance(options: Sequence[int], golds: Sequence[int], right: Sequence[float]) -> Chance:
    """Put a score beside what guessing gives on the same documents.

    Args:
        options: How many options each of n documents has, at least one document.
        golds: How many of them are right.
        right: 0 or 1 of each.

    Raises:
        AnalysisError: Lengths differ, there is no document, a score is not 0 or 1, or golds are impossible.
    """
    check_some(options, "documents")
    check_same_length(options, right, "numbers of options and scores")
    if not is_binary(right):
        raise AnalysisError("A score is neither 0 nor 1: it cannot be compared with guessing.")
    items, n = chance_level(options, golds), len(options)
    chance, acc = math.fsum(items) / n, math.fsum(right) / n
    fair = [(y - c) / (1 - c) for y, c in zip(right, items, strict=True) if c < 1]
    none = Statistic(None, "every option of every document is right")
    return Chance(
        chance,
        tuple(items),
        acc,
        Statistic((acc - chance) / (1 - chance)) if fair else none,
        1 - chance if fair else None,
        guessing_tail(items, int(sum(right))),
        Statistic(math.fsum(fair) / len(fair)) if fair else none,
    )


def guessing_tail(chances: Sequence[float], hits: int) -> float:
    """P(as many hits or more) of independent trials with different probabilities (Poisson-binomial).

    Trials of equal probability are one binomial variable; exams have few numbers of options, so few variables are
    convolved, each without the terms below 1e-25 of its largest. The bound of what they leave out is added: p is
    never too small. With one number of options p is the binomial tail.

    Args:
        chances: Of a hit in each trial, within [0, 1].
        hits: The observed number.
    """
    counts = Counter(chances)
    certain = counts.pop(1.0, 0)
    counts.pop(0.0, None)
    needed = hits - certain
    if needed <= 0:
        return 1.0
    if len(counts) == 1:
        ((p, n),) = counts.items()
        return binomial_tail(needed, n, p)
    first, law = 0, [1.0]
    for p, n in counts.items():
        low, window = binomial_window(n, p, 1e-25)
        convolved = [0.0] * (len(law) + len(window) - 1)
        for shift, weight in enumerate(window):
            for position, value in enumerate(law, shift):
                convolved[position] += value * weight
        first, law = first + low, convolved
    if needed > sum(counts.values()):
        return 0.0
    return min(1.0, math.fsum(law[max(0, needed - first) :]) + 1e-24)


def baseline_of(values: Sequence[float], items: Sequence[float]) -> Baseline:
    """A rule that knows no content, beside chance.

    Args:
        values: How right the rule is on each of n documents, at least one.
        items: The probability of each that guessing is right.
    """
    n = len(values)
    acc, chance = math.fsum(values) / n, math.fsum(items) / n
    stderr = math.sqrt(math.fsum(c * (1 - c) for c in items)) / n
    return Baseline(acc, chance, stderr, acc - chance > CONSPICUOUS * stderr + 1e-12)


def majority_position(golds: Sequence[int], options: Sequence[int]) -> MajorityPosition:
    """The best constant position, and how often it is right.

    Args:
        golds: The position of the gold of n documents, at least one.
        options: How many options each has.

    Raises:
        AnalysisError: Lengths differ, there is no document, or a gold is none of the options.
    """
    check_some(golds, "documents")
    items = chance_level(options, [1] * len(golds))
    check_same_length(golds, options, "golds and numbers of options")
    for position, (gold, k) in enumerate(zip(golds, options, strict=True)):
        if not 0 <= gold < k:
            raise AnalysisError(f"The gold {gold} of document {position} is none of its {k} options.")
    found = Counter(golds)
    counts = tuple(found[position] for position in range(max(options)))
    best = counts.index(max(counts))
    return MajorityPosition(best, counts, baseline_of([float(gold == best) for gold in golds], items))


def extreme_length(
    choices: Sequence[Sequence[str]], golds: Sequence[int], *, longest: bool
) -> tuple[list[float], Baseline]:
    """How often the longest (or the shortest) option is the gold; one of t equally long ones counts 1/t.

    Args:
        choices: The options of n documents, at least one; length is that in characters.
        golds: The position of the gold of each.
        longest: The longest option, else the shortest.

    Returns:
        The value of each document, and their mean beside chance.

    Raises:
        AnalysisError: Lengths differ, there is no document, or a gold is none of the options.
    """
    check_some(choices, "documents")
    check_same_length(choices, golds, "documents and golds")
    values = []
    for position, (options, gold) in enumerate(zip(choices, golds, strict=True)):
        if not 0 <= gold < len(options):
            raise AnalysisError(f"The gold {gold} of document {position} is none of its {len(options)} options.")
        lengths = list(map(len, options))
        wanted = max(lengths) if longest else min(lengths)
        values.append(1 / lengths.count(wanted) if lengths[gold] == wanted else 0.0)
    return values, baseline_of(values, [1 / len(options) for options in choices])


def right_without_question(right: Sequence[float], right_choices_only: Sequence[float]) -> Statistic:
    """Of the right answers, the share that is right from the options alone.

    Args:
        right: 0 or 1 of n documents, asked as they are.
        right_choices_only: The same, asked without the question.

    Returns:
        None where no answer is right.

    Raises:
        AnalysisError: Lengths differ.
    """
    check_same_length(right, right_choices_only, "scores with and without the question")
    both = sum(1 for a, b in zip(right, right_choices_only, strict=True) if a and b)
    total = sum(1 for a in right if a)
    return Statistic(both / total) if total else Statistic(None, "no answer is right")


@dataclass(frozen=True, slots=True)
class AllNone:
    """Documents with an option such as "all of the above"."""

    n: int
    accuracy: Statistic
    """How often such an option is the gold; None without such documents."""


def all_none_accuracy(choices: Sequence[Sequence[str]], golds: Sequence[int]) -> AllNone:
    """How often an option that speaks of all or none of the others is the gold, where there is one.

    Args:
        choices: The options of n documents.
        golds: The position of the gold of each.

    Raises:
        AnalysisError: Lengths differ.
    """
    check_same_length(choices, golds, "documents and golds")
    hits = []
    for options, gold in zip(choices, golds, strict=True):
        kinds = [option_kind(option) for option in options]
        if "all_none" in kinds:
            hits.append(kinds[gold] == "all_none")
    if not hits:
        return AllNone(0, Statistic(None, "no document has such an option"))
    return AllNone(len(hits), Statistic(sum(hits) / len(hits)))
