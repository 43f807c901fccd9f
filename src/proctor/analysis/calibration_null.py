"""What a perfectly calibrated model would show: the calibration error that chance alone gives on these documents."""

# Under perfect calibration document i is right with probability confidence_i, independently of the others (consistency
# resampling). The plain way draws 1,000 sets of right answers. All that a draw needs of a bin is its number of right
# answers, whose distribution (Poisson-binomial) is computed exactly:
#
#   expected error   sum over bins of E|right_b - sum of confidences_b| / n: exact, no draws
#   p                exact while the bins have at most 20,000 combinations of counts; else 1,000 draws of a count for
#                    each bin from its distribution: equal in law to 1,000 times n coins, in a thousandth of the time
#   band of a bin    the 2.5 and 97.5 % quantiles of its accuracy, exact
#
# Draws come from ``random.Random`` (see ``draws``): numpy changes no digit.
#
# Source: J. Bröcker, L. A. Smith, "Increasing the reliability of reliability diagrams", 2007.

from __future__ import annotations

import itertools
import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.distributions import convolved
from proctor.analysis.statistic import check_same_length
from proctor.stats.intervals import Interval

DRAWS = 1000
_MOST_COMBINATIONS = 20_000
_NEGLIGIBLE = 1e-17
_PART = 16


@dataclass(frozen=True, slots=True)
class CalibrationNull:
    """The calibration error of a perfectly calibrated model on the same documents and bins."""

    expected: float
    """Its mean."""
    p: float | None
    """The probability of an error as large as the observed one, or larger; None of a run that stopped early."""
    draws: int | None
    """Draws behind p, (1 + hits)/(1 + draws); None: p is exact."""
    bands: tuple[Interval | None, ...]
    """For each bin, where 95 % of the accuracies of such a model lie; None in an empty bin."""


def hit_distribution(probabilities: Sequence[float]) -> tuple[int, list[float]]:
    """The distribution of the number of hits of independent trials with different probabilities (Poisson-binomial).

    A few trials one by one, ``P(k) = P(k) (1 - p) + P(k - 1) p``; then the distributions of such parts are convolved
    two by two. Ends that are less likely than 1e-17 are dropped on the way.

    Args:
        probabilities: Of a hit in each trial, within [0, 1].

    Returns:
        The smallest number of hits that is not dropped, and the probabilities from there on.
    """
    parts = [_trial_by_trial(probabilities[i : i + _PART]) for i in range(0, len(probabilities), _PART)]
    while len(parts) > 1:
        pairs = [_trimmed(a + c, convolved(b, d)) for (a, b), (c, d) in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[len(pairs) * 2 :]
    return parts[0] if parts else (0, [1.0])


def _trial_by_trial(probabilities: Sequence[float]) -> tuple[int, list[float]]:
    pmf = [1.0]
    for p in probabilities:
        q = 1 - p
        pmf = [a * q + b * p for a, b in zip([*pmf, 0.0], [0.0, *pmf], strict=True)]
    return _trimmed(0, pmf)


def _trimmed(low: int, pmf: list[float]) -> tuple[int, list[float]]:
    start, end = 0, len(pmf)
    while pmf[start] < _NEGLIGIBLE:
        start += 1
    while pmf[end - 1] < _NEGLIGIBLE:
        end -= 1
    return low + start, pmf[start:end]


def calibration_null(
    confidence: Sequence[float],
    correct: Sequence[float],
    bins: Sequence[Sequence[int]],
    *,
    source: random.Random,
    draws: int = DRAWS,
) -> CalibrationNull:
    """Compare the expected calibration error with what a perfectly calibrated model shows.

    Args:
        confidence: Of n documents, at least one, within [0, 1].
        correct: 0 or 1 of each.
        bins: The positions of the documents in each bin.
        source: Where draws come from, see :func:`proctor.analysis.draws.source_of`.
        draws: Draws for p where it is not exact.

    Raises:
        AnalysisError: There are not as many scores as confidences.
    """
    check_same_length(confidence, correct, "confidences and scores")
    n, laws = len(confidence), []
    observed = 0.0
    for positions in bins:
        sure = math.fsum(confidence[i] for i in positions)
        observed += abs(math.fsum(correct[i] for i in positions) - sure)
        low, pmf = hit_distribution([confidence[i] for i in positions])
        laws.append((low, pmf, [abs(low + k - sure) for k in range(len(pmf))]))
    expected = math.fsum(gap * weight for _, pmf, gaps in laws for gap, weight in zip(gaps, pmf, strict=True)) / n
    least = observed - 1e-9
    exact = math.prod(len(pmf) for _, pmf, _ in laws) <= _MOST_COMBINATIONS
    p = _exact_p(laws, least) if exact else _drawn_p(laws, least, source, draws)
    bands = tuple(_band(low, pmf, len(positions)) for (low, pmf, _), positions in zip(laws, bins, strict=True))
    return CalibrationNull(expected, p, None if exact else draws, bands)


_Law = tuple[int, list[float], list[float]]


def _exact_p(laws: Sequence[_Law], least: float) -> float:
    """P(the summed gaps >= least), over all combinations of counts."""
    combinations = itertools.product(*(list(zip(gaps, pmf, strict=True)) for _, pmf, gaps in laws))
    return min(
        1.0,
        math.fsum(
            math.prod(weight for _, weight in parts)
            for parts in combinations
            if math.fsum(gap for gap, _ in parts) >= least
        ),
    )


def _drawn_p(laws: Sequence[_Law], least: float, source: random.Random, draws: int) -> float:
    tables = []
    for _, pmf, gaps in laws:
        cumulative = list(itertools.accumulate(pmf))
        cumulative[-1] = 1.0  # what was dropped at the ends is less than rounding
        tables.append((cumulative, gaps))
    hits = sum(
        sum(gaps[bisect_left(cumulative, source.random())] for cumulative, gaps in tables) >= least
        for _ in range(draws)
    )
    return (1 + hits) / (1 + draws)


def _band(low: int, pmf: list[float], n: int) -> Interval | None:
    if not n:
        return None
    cumulative = list(itertools.accumulate(pmf))
    last = len(cumulative) - 1
    lower, upper = (min(last, bisect_left(cumulative, share)) for share in (0.025, 0.975))
    return (low + lower) / n, (low + upper) / n
