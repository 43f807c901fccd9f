"""PriDe: take away how much a model likes each letter, measured on a few items in all rotations."""

# An item's prior is the softmax over positions of the mean log-probability of each position over its rotations:
# contents average out, what is left belongs to the position. The task's prior is the mean of the item priors. All
# other items answer argmax(log p - log prior) on the canonical order; the items that were rotated answer by their mean
# probability.
#
# It repairs the preference for a *token*. It does not show what the worst order does, and leaves a score that memory
# of the published order made where it was.
#
# Source: C. Zheng et al., "Large language models are not robust multiple choice selectors", 2309.03882.

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from proctor.analysis.draws import permuted
from proctor.analysis.probabilities import first_highest, softmax, usable
from proctor.errors import AnalysisError

SHARE, LEAST_ITEMS = 0.05, 30
SMALLEST_PROBABILITY = 1e-10
"""Probabilities among the options are not taken for smaller: one -inf would decide a prior alone."""


def estimation_items(items: int, source: random.Random, *, share: float = SHARE) -> list[int]:
    """Which items are asked in all rotations: a random share, at least 30.

    Args:
        items: How many items of one number of options there are.
        source: That of the task, see :func:`proctor.analysis.draws.source_of`.
        share: The share of them.

    Returns:
        Their positions, ascending.

    Raises:
        AnalysisError: There are fewer than 30 items.
    """
    if items < LEAST_ITEMS:
        raise AnalysisError(f"{items} items with this number of options: a prior of positions needs {LEAST_ITEMS}.")
    return sorted(permuted(range(items), source)[: max(LEAST_ITEMS, math.ceil(share * items))])


def item_prior(lls: Sequence[Sequence[float]]) -> list[float]:
    """How much an item's answers favour each position, over its rotations.

    Args:
        lls: Of each rotation, the log-likelihood of each of K positions.

    Raises:
        AnalysisError: A rotation has a NaN, or nothing but -inf.
    """
    floored = [_floored(one) for one in lls]
    return softmax([math.fsum(column) / len(floored) for column in zip(*floored, strict=True)])


def _floored(lls: Sequence[float]) -> list[float]:
    """Logarithms of probabilities among the options, none below 1e-10."""
    if not usable(lls):
        raise AnalysisError(f"Log-likelihoods {list(lls)} give no probabilities: leave such items out and count them.")
    highest = max(lls)
    total = highest + math.log(math.fsum([math.exp(ll - highest) for ll in lls]))
    return [max(ll - total, math.log(SMALLEST_PROBABILITY)) for ll in lls]


def task_prior(items: Sequence[Sequence[Sequence[float]]], *, least: int = LEAST_ITEMS) -> list[float]:
    """The prior of positions: the mean of the priors of items.

    Args:
        items: Of each item that was rotated, of each rotation, the log-likelihood of each of K positions.
        least: How many items are needed.

    Raises:
        AnalysisError: There are too few items, their numbers of options differ, or one is unusable.
    """
    if len(items) < least:
        raise AnalysisError(f"{len(items)} items in all rotations: a prior of positions needs {least}.")
    if len({len(one) for lls in items for one in lls}) > 1:
        raise AnalysisError("A prior of positions belongs to one number of options: estimate one for each.")
    priors = [item_prior(lls) for lls in items]
    return [math.fsum(column) / len(priors) for column in zip(*priors, strict=True)]


def debiased_scores(lls: Sequence[float], prior: Sequence[float]) -> list[float]:
    """``log p - log prior`` of each position of the canonical order.

    Args:
        lls: The log-likelihood of each of K positions.
        prior: Of :func:`task_prior`.

    Raises:
        AnalysisError: K is not that of the prior, or there is a NaN.
    """
    if len(lls) != len(prior):
        raise AnalysisError(f"A prior of {len(prior)} positions says nothing of {len(lls)} options.")
    return [ll - math.log(share) for ll, share in zip(_floored(lls), prior, strict=True)]


def debiased_choice(lls: Sequence[float], prior: Sequence[float]) -> int:
    """The position that an item chooses without the preference for positions; of equal ones the first.

    Args:
        lls: The log-likelihood of each of K positions, in the canonical order.
        prior: Of :func:`task_prior`.

    Raises:
        AnalysisError: K is not that of the prior, or there is a NaN.
    """
    return first_highest(debiased_scores(lls, prior))
