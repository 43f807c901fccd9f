"""Calibration: is a model that is 90 % sure right in 90 %?"""

# Documents are put into bins by confidence; in each, mean confidence is compared with accuracy.
#
#   mass bins    equally many documents each, by (confidence, document): the measure that is reported
#   width bins   equally wide, (low, high]; 0 belongs to the first: what the literature reports, empty at one end
#
# The expected calibration error (ECE) of n documents is above 0 for a *perfectly* calibrated model, too: 0.10 at 100
# documents. It must never be shown without what chance gives (``calibration_null``); ``rmsce_debiased`` subtracts it.
#
# Invariant (a test): ``brier_top = reliability - resolution + uncertainty + within-bin variance - within-bin
# covariance``.
#
# Sources: C. Guo et al., 1706.04599 (ECE); A. Kumar et al., 1909.10155 (debiased); R. Roelofs et al., 2012.08668 (mass
# bins); A. H. Murphy 1973 and D. B. Stephenson et al. 2008 (decomposition).

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.statistic import Statistic, check_same_length, check_some, is_binary
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr

MASS_BINS, WIDTH_BINS = 10, 15


@dataclass(frozen=True, slots=True)
class Bin:
    """The documents of one bin."""

    n: int
    confidence: float | None
    """Mean; None in an empty bin."""
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class BrierParts:
    """What the Brier score of the choice consists of."""

    reliability: float
    resolution: float
    uncertainty: float
    within_bin_variance: float
    within_bin_covariance: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence against accuracy, over given bins."""

    n: int
    accuracy: float
    mean_confidence: float
    overconfidence: float
    """mean_confidence - accuracy."""
    overconfidence_stderr: float | None
    """Of the paired differences; None for one document."""
    bins: tuple[Bin, ...]
    ece: float
    """Expected calibration error: ``sum n_b/n |accuracy_b - confidence_b|``."""
    mce: float
    """The largest ``|accuracy_b - confidence_b|``."""
    rmsce_debiased: Statistic
    """Root mean squared calibration error without what chance adds, 0 where that is more than there is."""
    rmsce_squared: float | None
    """Its square before it is clipped at 0."""
    brier_top: float
    """Mean of ``(confidence - correct)²``."""
    brier_parts: BrierParts


def mass_bins(confidence: Sequence[float], count: int = MASS_BINS, ids: Sequence[int] | None = None) -> list[list[int]]:
    """Bins of equally many documents; the first ones have one more where the number is not divisible.

    Args:
        confidence: Of n documents.
        count: How many bins, at least one; some are empty where n is smaller.
        ids: What orders documents of equal confidence; None: their positions.

    Returns:
        The positions of the documents in each bin, bins by rising confidence.

    Raises:
        AnalysisError: There is no bin, or there are not as many ids as documents.
    """
    if count < 1:
        raise AnalysisError(f"{count} bins: there must be at least one.")
    keys: Sequence[int] = range(len(confidence)) if ids is None else ids
    check_same_length(confidence, keys, "confidences and document ids")
    order = sorted(range(len(confidence)), key=lambda i: (confidence[i], keys[i]))
    size, more = divmod(len(order), count)
    bounds = [b * size + min(b, more) for b in range(count + 1)]
    return [order[low:high] for low, high in itertools.pairwise(bounds)]


def width_bins(confidence: Sequence[float], count: int = WIDTH_BINS) -> list[list[int]]:
    """Bins of equal width, (low, high]; 0 belongs to the first.

    Args:
        confidence: Of n documents, within [0, 1].
        count: How many bins, at least one.

    Returns:
        The positions of the documents in each bin, bins by rising confidence.

    Raises:
        AnalysisError: There is no bin, or a confidence is not within [0, 1].
    """
    if count < 1:
        raise AnalysisError(f"{count} bins: there must be at least one.")
    _check_confidence(confidence)
    edges = [(b + 1) / count for b in range(count)]
    bins: list[list[int]] = [[] for _ in edges]
    for position, value in enumerate(confidence):
        bins[bisect_left(edges, value)].append(position)
    return bins


def _check_confidence(confidence: Sequence[float]) -> None:
    for position, value in enumerate(confidence):
        if not 0 <= value <= 1:
            raise AnalysisError(f"The confidence at position {position} is {value}: it must lie between 0 and 1.")


def calibration(confidence: Sequence[float], correct: Sequence[float], bins: Sequence[Sequence[int]]) -> Calibration:
    """Compare confidence with accuracy.

    Args:
        confidence: Of n documents, at least one, within [0, 1]; documents with a NaN are left out before.
        correct: 0 or 1 of each.
        bins: The positions of the documents in each bin, of :func:`mass_bins` or :func:`width_bins`.

    Raises:
        AnalysisError: Lengths differ, there is no document, a confidence is not within [0, 1], a score not 0 or 1, or
            the bins do not hold every document once.
    """
    check_some(confidence, "documents")
    check_same_length(confidence, correct, "confidences and scores")
    _check_confidence(confidence)
    if not is_binary(correct):
        raise AnalysisError("A score is neither 0 nor 1: calibration compares confidence with right and wrong.")
    n = len(confidence)
    if sorted(position for one in bins for position in one) != list(range(n)):
        raise AnalysisError(f"The bins do not hold each of the {n} documents once.")
    table = tuple(_bin(confidence, correct, one) for one in bins)
    gaps = [
        (one.n, abs(one.accuracy - one.confidence))
        for one in table
        if one.accuracy is not None and one.confidence is not None
    ]
    accuracy, mean = math.fsum(correct) / n, math.fsum(confidence) / n
    differences = [c - y for c, y in zip(confidence, correct, strict=True)]
    rmsce, squared = _debiased(table, n)
    return Calibration(
        n,
        accuracy,
        mean,
        mean - accuracy,
        mean_stderr(differences),
        table,
        math.fsum(size * gap for size, gap in gaps) / n,
        max(gap for _, gap in gaps),
        rmsce,
        squared,
        math.fsum(d * d for d in differences) / n,
        _brier_parts(confidence, correct, bins, accuracy),
    )


def _bin(confidence: Sequence[float], correct: Sequence[float], positions: Sequence[int]) -> Bin:
    n = len(positions)
    if not n:
        return Bin(0, None, None)
    return Bin(n, math.fsum(confidence[i] for i in positions) / n, math.fsum(correct[i] for i in positions) / n)


def _debiased(table: Sequence[Bin], n: int) -> tuple[Statistic, float | None]:
    """Kumar's debiased squared error: from each squared gap, the variance of its accuracy is taken away."""
    terms = []
    for one in table:
        if one.accuracy is None or one.confidence is None:
            continue
        if one.n == 1:
            return Statistic(None, "a bin has one document: how its accuracy varies is unknown"), None
        chance = one.accuracy * (1 - one.accuracy) / (one.n - 1)
        terms.append(one.n / n * ((one.accuracy - one.confidence) ** 2 - chance))
    squared = math.fsum(terms)
    return Statistic(math.sqrt(max(0.0, squared))), squared


def _brier_parts(
    confidence: Sequence[float], correct: Sequence[float], bins: Sequence[Sequence[int]], accuracy: float
) -> BrierParts:
    n, reliability, resolution, variance, covariance = len(confidence), [], [], [], []
    for positions in bins:
        one = _bin(confidence, correct, positions)
        if one.accuracy is None or one.confidence is None:
            continue
        reliability.append(one.n * (one.confidence - one.accuracy) ** 2)
        resolution.append(one.n * (one.accuracy - accuracy) ** 2)
        for i in positions:
            deviation = confidence[i] - one.confidence
            variance.append(deviation**2)
            covariance.append(2 * deviation * (correct[i] - one.accuracy))
    return BrierParts(
        math.fsum(reliability) / n,
        math.fsum(resolution) / n,
        accuracy * (1 - accuracy),
        math.fsum(variance) / n,
        math.fsum(covariance) / n,
    )
