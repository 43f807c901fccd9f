"""Formulations of one item: by letter, as text, normalized in several ways, generated. Do they agree?"""

# A model that knows the answer and not what a letter is fails by letter only; one that ranks letters in the last
# thousandth of its probability is scored by noise (``choice_mass``). The best of several formulations is not a score:
# the maximum of noisy accuracies is too high by construction.
#
# Sources: Y. Gu et al., 2406.08446 (OLMES); A. Holtzman et al., 2104.08315 (PMI); X. Wang et al., 2402.14499 (letters
# against text); J. Cohen 1960 (kappa).

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.analysis.paired import Counts, McNemar, mcnemar, paired_counts
from proctor.analysis.statistic import Statistic, check_same_length, check_some

Normalization: TypeAlias = Literal["none", "char", "byte", "token", "pmi"]

LOW_MASS = 0.5
"""A mean mass of options below which their ranking is decided in the tail of the distribution."""


def normalized_scores(
    lls: Sequence[float],
    normalization: Normalization,
    *,
    choices: Sequence[str] = (),
    tokens: Sequence[int] = (),
    unconditional: Sequence[float] = (),
) -> list[float]:
    """The scores by which options are ranked under a normalization.

    Args:
        lls: The log-likelihood of each of K options.
        normalization: "none"; "char" or "byte": per character or UTF-8 byte of the bare option; "token": per token of
            the continuation as scored; "pmi": minus ``unconditional``.
        choices: The texts of the options, for "char" and "byte".
        tokens: Tokens of each continuation, for "token".
        unconditional: The log-likelihood of each option after a context that says nothing, for "pmi".

    Returns:
        A score for each option; -inf where the length is 0.

    Raises:
        AnalysisError: What the normalization needs does not have K values.
    """
    if normalization == "none":
        return list(lls)
    if normalization == "pmi":
        check_same_length(lls, unconditional, "log-likelihoods with and without context")
        return [ll - bare for ll, bare in zip(lls, unconditional, strict=True)]
    if normalization == "token":
        lengths = list(tokens)
    else:
        lengths = [len(choice if normalization == "char" else choice.encode()) for choice in choices]
    check_same_length(lls, lengths, "log-likelihoods and lengths")
    return [ll / length if length else -math.inf for ll, length in zip(lls, lengths, strict=True)]


@dataclass(frozen=True, slots=True)
class ChoiceMass:
    """How much of its probability a model gives to the options at all."""

    mass: Statistic
    """Mean over items of ``sum_k exp(ll_k)``; None where an option has several tokens."""
    items: tuple[float, ...]
    """The mass of each item that has one."""
    format_rate: float | None
    """Share of items where greedy decoding writes some option; None where that is unknown."""
    left_out: int
    """Items with a NaN."""
    low: bool
    """Below 0.5: a warning."""


def choice_mass(
    lls: Sequence[Sequence[float]],
    greedy: Sequence[Sequence[bool]] | None = None,
    tokens: Sequence[Sequence[int]] | None = None,
) -> ChoiceMass:
    """The probability that a model writes any of the options, for options of one token each.

    Args:
        lls: Of n items, at least one, the log-likelihood of each option, not normalized.
        greedy: Of each item and option, whether greedy decoding writes it; None where unknown.
        tokens: Of each item and option, its tokens; None where all are known to have one.

    Raises:
        AnalysisError: Lengths differ, or there are no items.
    """
    check_some(lls, "items")
    rate = None
    if greedy is not None:
        check_same_length(lls, greedy, "items and greedy marks")
        rate = sum(map(any, greedy)) / len(greedy)
    masses = [math.fsum(map(math.exp, one)) for one in lls if not any(map(math.isnan, one))]
    left_out = len(lls) - len(masses)
    if tokens is not None and any(count != 1 for one in tokens for count in one):
        reason = "an option has several tokens: its log-likelihood is no probability of writing an option next"
        return ChoiceMass(Statistic(None, reason), (), rate, left_out, False)
    if not masses:
        return ChoiceMass(Statistic(None, "every item has a NaN"), (), rate, left_out, False)
    mean = math.fsum(masses) / len(masses)
    return ChoiceMass(Statistic(mean), tuple(masses), rate, left_out, mean < LOW_MASS)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two formulations, normalizations or runs on the same items."""

    counts: Counts
    test: McNemar
    same_choice: float | None
    """Share of items with the same choice; None without choices."""
    kappa: Statistic
    """Cohen's, of the choices."""


def disagreement(
    right_a: Sequence[float],
    right_b: Sequence[float],
    choice_a: Sequence[int] = (),
    choice_b: Sequence[int] = (),
) -> Disagreement:
    """The table of disagreement of two formulations.

    Args:
        right_a: 0 or 1 of n items.
        right_b: The same of the other formulation.
        choice_a: The chosen option of each item; empty where it is not known.
        choice_b: The same of the other formulation.

    Raises:
        AnalysisError: Lengths differ, or a score is not 0 or 1.
    """
    counts = paired_counts(right_a, right_b)
    check_same_length(choice_a, choice_b, "choices of A and of B")
    if not choice_a:
        absent = Statistic(None, "there are no choices")
        return Disagreement(counts, mcnemar(counts.only_a, counts.only_b), None, absent)
    check_same_length(right_a, choice_a, "scores and choices")
    same = sum(a == b for a, b in zip(choice_a, choice_b, strict=True)) / len(choice_a)
    return Disagreement(counts, mcnemar(counts.only_a, counts.only_b), same, kappa(choice_a, choice_b))


def kappa(choice_a: Sequence[int], choice_b: Sequence[int]) -> Statistic:
    """Cohen's kappa: agreement beyond that of independent choices with the same frequencies.

    Args:
        choice_a: The choice of each of n items, at least one.
        choice_b: The other choice of each.

    Returns:
        None where both always choose the same one option.

    Raises:
        AnalysisError: Lengths differ, or there are no items.
    """
    check_some(choice_a, "choices")
    check_same_length(choice_a, choice_b, "choices of A and of B")
    n = len(choice_a)
    observed = sum(a == b for a, b in zip(choice_a, choice_b, strict=True)) / n
    counts_a, counts_b = Counter(choice_a), Counter(choice_b)
    chance = sum(count * counts_b[choice] for choice, count in counts_a.items()) / n**2
    if chance == 1:
        return Statistic(None, "both always choose the same option")
    return Statistic((observed - chance) / (1 - chance))


@dataclass(frozen=True, slots=True)
class GeneratedScored:
    """Written answers beside the ranking of options, on the same items."""

    parse_rate: float
    """Share of written answers that name an option."""
    agreement_parsed: Statistic
    """Of these, the share that names the option of the highest score."""
    acc_scored: float
    acc_generated: float
    """An answer that names no option is wrong."""
    acc_generated_parsed: Statistic
    """Of the answers that name an option."""


def generated_against_scored(
    scored: Sequence[int], generated: Sequence[int | None], golds: Sequence[Sequence[int]]
) -> GeneratedScored:
    """Compare what a model writes with what it ranks highest.

    Args:
        scored: The option of the highest score of n items, at least one.
        generated: The option that the written answer names; None where it names none.
        golds: The options that are right.

    Raises:
        AnalysisError: Lengths differ, or there are no items.
    """
    check_some(scored, "items")
    check_same_length(scored, generated, "scored and generated answers")
    check_same_length(scored, golds, "answers and golds")
    n = len(scored)
    parsed = [(s, g, gold) for s, g, gold in zip(scored, generated, golds, strict=True) if g is not None]
    right = sum(g in gold for _, g, gold in parsed)
    none = Statistic(None, "no written answer names an option")
    return GeneratedScored(
        len(parsed) / n,
        Statistic(sum(s == g for s, g, _ in parsed) / len(parsed)) if parsed else none,
        sum(s in gold for s, gold in zip(scored, golds, strict=True)) / n,
        right / n,
        Statistic(right / len(parsed)) if parsed else none,
    )
