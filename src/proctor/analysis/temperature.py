"""Temperature: one number that log-likelihoods are divided by, so that confidence fits accuracy best."""

# In ``b = 1/T`` the mean negative log-probability of the golds, ``mean(log sum_k exp(b ll_k) - b ll_gold)``, is
# convex: its slope is the mean of (expected log-likelihood - log-likelihood of the gold) and rises. Newton's steps
# inside a bracket find its root. Golds that are always the likeliest option want T = 0, golds that are no likelier
# than others T = inf: then there is no temperature.
#
# A temperature is never judged on the documents that it was fitted on: ``scale_temperature`` fits it on four fifths
# and applies it to the fifth (cross-fitting).
#
# Source: C. Guo et al., "On calibration of modern neural networks", 1706.04599.

from __future__ import annotations

import math
import operator
import random
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.draws import permuted
from proctor.analysis.probabilities import first_highest, usable
from proctor.analysis.statistic import Statistic, check_same_length, check_some
from proctor.errors import AnalysisError

COLDEST, HOTTEST = 0.01, 100.0
"""Temperatures that are tried."""
FOLDS = 5

_Row = tuple[list[float], float]


@dataclass(frozen=True, slots=True)
class TemperatureScaling:
    """The temperature of all documents, and each one's confidence under that of the others."""

    temperature: Statistic
    confidence: tuple[float, ...]


def fit_temperature(lls: Sequence[Sequence[float]], golds: Sequence[int]) -> Statistic:
    """The temperature that minimizes the mean negative log-probability of the golds.

    Args:
        lls: Of n documents, at least one, the log-likelihood of each option, all finite.
        golds: The position of the right option of each.

    Returns:
        None where the best temperature is below 0.01 or above 100.

    Raises:
        AnalysisError: Lengths differ, there is no document, a gold is no option, or a log-likelihood is not finite.
    """
    return _temperature(_fit(_rows(lls, golds)))


def _temperature(inverse: float) -> Statistic:
    if inverse >= 1 / COLDEST:
        return Statistic(
            None, f"the best temperature is below {COLDEST}: the gold is nearly always the likeliest option"
        )
    if inverse <= 1 / HOTTEST:
        return Statistic(
            None, f"the best temperature is above {HOTTEST:g}: the gold is hardly likelier than other options"
        )
    return Statistic(1 / inverse)


def scale_temperature(
    lls: Sequence[Sequence[float]], golds: Sequence[int], *, source: random.Random, folds: int = FOLDS
) -> TemperatureScaling:
    """Fit a temperature, and apply to each document the one that documents of other folds have.

    Args:
        lls: Of n documents, at least ``folds``, the log-likelihood of each option, all finite.
        golds: The position of the right option of each.
        source: Where the folds come from, see :func:`proctor.analysis.draws.source_of`.
        folds: Into how many parts documents are divided, at least two.

    Raises:
        AnalysisError: As for :func:`fit_temperature`, or there are fewer documents than folds.
    """
    rows = _rows(lls, golds)
    if not 2 <= folds <= len(rows):
        raise AnalysisError(f"{len(rows)} documents in {folds} folds: there must be at least two folds, none empty.")
    start, order = _fit(rows), permuted(range(len(rows)), source)
    parts = [order[fold::folds] for fold in range(folds)]
    derivatives = [_derivatives([rows[i] for i in part], start) for part in parts]
    confidence = [0.0] * len(rows)
    for part, own in zip(parts, derivatives, strict=True):
        others = [math.fsum(column) - one for column, one in zip(zip(*derivatives, strict=True), own, strict=True)]
        inverse = _near_root(start, others)
        if inverse is None:
            held = set(part)
            inverse = _newton([row for i, row in enumerate(rows) if i not in held], start)
        for i in part:
            confidence[i] = 1 / (1 + sum([math.exp(inverse * gap) for gap in rows[i][0]]))
    return TemperatureScaling(_temperature(start), tuple(confidence))


def _near_root(start: float, derivatives: Sequence[float]) -> float | None:
    """The root of the slope near ``start`` by Halley's step, whose error is a cube; None where it is not near.

    All folds share one pass over the documents: leaving a fifth of thousands of documents out moves the root by less
    than 1 %, and the step is then right to six digits. Otherwise it is searched for.
    """
    slope, curvature, third = derivatives
    if curvature <= 0 or not 1 / HOTTEST < start < 1 / COLDEST:
        return None
    step = -2 * slope * curvature / (2 * curvature * curvature - slope * third)
    return start + step if abs(step) <= 0.03 * start else None


def _rows(lls: Sequence[Sequence[float]], golds: Sequence[int]) -> list[_Row]:
    """Of each document, the distances of its options from the likeliest one, and that of the gold."""
    check_some(lls, "documents")
    check_same_length(lls, golds, "documents and golds")
    rows = []
    for position, (one, gold) in enumerate(zip(lls, golds, strict=True)):
        if not usable(one) or not all(map(math.isfinite, one)):
            raise AnalysisError(
                f"Document {position} has log-likelihoods that are not finite: leave it out and count it."
            )
        if not 0 <= gold < len(one):
            raise AnalysisError(f"The gold {gold} of document {position} is none of its {len(one)} options.")
        likeliest = first_highest(one)
        highest = one[likeliest]
        gaps = [ll - highest for k, ll in enumerate(one) if k != likeliest]
        rows.append((gaps, one[gold] - highest))
    return rows


def _fit(rows: Sequence[_Row]) -> float:
    """The inverse temperature of all rows; of many rows, a tenth of them says where to begin."""
    return _newton(rows, _newton(rows[::10], 1.0) if len(rows) > 5000 else 1.0)


def _newton(rows: Sequence[_Row], start: float) -> float:
    """The inverse temperature at which the slope is 0, or the end of the range where there is none."""
    low, high = 1 / HOTTEST, 1 / COLDEST
    inverse = min(max(start, low), high)
    for _ in range(200):
        slope, curvature, _third = _derivatives(rows, inverse)
        if (inverse == low and slope >= 0) or (inverse == high and slope <= 0):
            return inverse
        bound = high if slope < 0 else low
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        following = inverse - slope / curvature if curvature > 0 else bound
        if not low <= following <= high:
            # Once, the end of the range itself: the root may lie beyond it. Then halving.
            following = bound if bound in (1 / HOTTEST, 1 / COLDEST) else (low + high) / 2
        if abs(following - inverse) <= 1e-8 * inverse:  # the step's error is a square
            return following
        inverse = following
    return inverse


def _derivatives(rows: Sequence[_Row], inverse: float) -> tuple[float, float, float]:
    """The first three derivatives of the summed negative log-probability by the inverse temperature.

    They are the cumulants of the log-likelihood under the scaled probabilities, the first minus that of the gold. A row
    leaves the likeliest option out, whose distance is 0 and whose weight is 1.
    """
    exp, mul, slope, curvature, third = math.exp, operator.mul, 0.0, 0.0, 0.0
    for gaps, gold in rows:
        weights = [exp(inverse * gap) for gap in gaps]
        total = 1 + sum(weights)
        ones = list(map(mul, weights, gaps))
        twos = list(map(mul, ones, gaps))
        one, two, three = sum(ones) / total, sum(twos) / total, sum(map(mul, twos, gaps)) / total
        slope += one - gold
        curvature += two - one * one
        third += three - 3 * one * two + 2 * one**3
    return slope, curvature, third
