"""The sign-flip test: would differences with random signs add up to as much?"""

# If A and B do not differ, each difference d_i could as well be -d_i. p is the share of sign vectors whose sum is at
# least as far from 0 as the observed one, the observed one included. Whole clusters are flipped: their sums are the
# units.
#
# The share is counted in the first of these ways that fits; all give the same p but for what is said of each:
#
#   exact        at most 16 units differ: all sign vectors, the sums of half of them doubled up unit by unit
#   exact        sizes are multiples of one step (0/1 scores, their cluster sums, means over four orders): m units of
#                one size are a binomial variable, and a few binomial variables are convolved. No sampling, so no seed
#   draws        at most 128 units: 100,000 random vectors, (1 + hits) / (1 + draws). Eight units share a table of
#                the sums of their 256 sign patterns, so that a draw is one look-up for eight units
#   saddlepoint  more units: Lugannani and Rice's formula for the tail of the sum, whose relative error at 128 units is
#                below 1 % (a test compares it with draws), less than that of 100,000 draws for p below 0.05
#
# Sources: R. A. Fisher 1935; B. Phipson, G. Smyth, "Permutation p-values should never be zero", 2010; R. Lugannani, S.
# Rice, "Saddle point approximation for the distribution of the sum of independent random variables", 1980.

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.analysis.distributions import binomial_window, normal_tail
from proctor.analysis.intervals import cluster_sums
from proctor.analysis.statistic import check_finite, check_same_length, check_some

SignFlipMethod: TypeAlias = Literal["exact", "draws", "saddlepoint"]

MOST_ENUMERATED = 16
MOST_DRAWN = 128
DRAWS = 100_000
STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 24, 60, 120)
"""Steps 1/q of which differences are tried to be multiples: means over as many orders or repeats."""
_MOST_PRODUCTS = 5_000_000
_SMALLEST_P = 1e-30
"""Convolutions leave out terms that are smaller than this together."""


@dataclass(frozen=True, slots=True)
class SignFlips:
    """The result of a sign-flip test."""

    p: float
    """Two-sided."""
    method: SignFlipMethod
    units: int
    """What is flipped: documents, or clusters."""
    differing: int
    """Units whose difference is not 0; the others change nothing."""
    draws: int | None
    """Random sign vectors; None where none were drawn."""


def sign_flip_test(
    differences: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    source: random.Random,
    draws: int = DRAWS,
) -> SignFlips:
    """Test whether paired differences are symmetric about 0.

    Args:
        differences: a_i - b_i of n documents, at least one, all finite.
        clusters: The cluster of each document; None where documents are independent.
        source: Where random signs come from, see :func:`proctor.analysis.draws.source_of`.
        draws: Sign vectors to draw where they are drawn.

    Raises:
        AnalysisError: Lengths differ, there is no difference, or one is not finite.
    """
    check_some(differences, "differences")
    check_finite(differences, "difference")
    units = list(differences)
    if clusters is not None:
        check_same_length(differences, clusters, "differences and clusters")
        units = cluster_sums(differences, clusters)
    tolerance = 1e-9 * math.fsum(map(abs, differences))  # 0.1 + 0.2 - 0.3 is 0 here
    sizes = [abs(unit) for unit in units if abs(unit) > tolerance / len(units)]
    least = abs(math.fsum(units)) - tolerance
    if not sizes or least <= 0:
        return SignFlips(1.0, "exact", len(units), len(sizes), None)
    method, p = _share_of_vectors(sizes, least, source, draws)
    return SignFlips(min(1.0, p), method, len(units), len(sizes), draws if method == "draws" else None)


def _share_of_vectors(
    sizes: list[float], least: float, source: random.Random, draws: int
) -> tuple[SignFlipMethod, float]:
    """How the share of sign vectors was counted, and the share whose sum is at least ``least`` from 0."""
    if len(sizes) <= MOST_ENUMERATED:
        return "exact", _enumerated(sizes, least)
    convolved = _convolved(sizes, least)
    if convolved is not None:
        return "exact", max(convolved, _SMALLEST_P)
    if len(sizes) <= MOST_DRAWN:
        return "draws", (1 + _hits(sizes, least, source, draws)) / (1 + draws)
    return "saddlepoint", 2 * _saddlepoint_tail(sizes, least)


def _enumerated(sizes: list[float], least: float) -> float:
    sums = [sizes[0]]  # by symmetry, the first sign is always plus
    for size in sizes[1:]:
        sums = [total + size for total in sums] + [total - size for total in sums]
    return sum(abs(total) >= least for total in sums) / len(sums)


def _convolved(sizes: list[float], least: float) -> float | None:
    """The exact share where sizes are multiples of one step, and it is cheap; None otherwise."""
    largest = max(sizes)
    step = next((q for q in STEPS if all(abs(size * q - round(size * q)) < 1e-9 for size in sizes)), None)
    if step is None or largest * step > 10_000:
        return None
    counts = Counter(round(size * step) for size in sizes)
    # The sum is ``total - 2 x`` with x the sum of the sizes whose sign is minus: m units of one size are size times
    # binomial.
    windows = {size: binomial_window(count, 0.5, 1e-30) for size, count in counts.items()}
    width, products = 1, 0
    for size, (_, window) in windows.items():
        products += width * len(window)
        width += size * (len(window) - 1)
    if products > _MOST_PRODUCTS:
        return None
    first, probabilities = 0, [1.0]
    for size, (low, window) in windows.items():
        summed = [0.0] * (len(probabilities) + size * (len(window) - 1))
        for position, weight in enumerate(window):
            start = position * size
            for offset, probability in enumerate(probabilities, start):
                summed[offset] += probability * weight
        first, probabilities = first + low * size, summed
    total = sum(size * count for size, count in counts.items())
    # The observed sum has the parity of the total: half a step of room is safe against rounding.
    bound = least * step - 0.5
    return math.fsum(probability for x, probability in enumerate(probabilities, first) if abs(total - 2 * x) > bound)


def _hits(sizes: list[float], least: float, source: random.Random, draws: int) -> int:
    """How many of ``draws`` random sign vectors have a sum at least ``least`` from 0."""
    tables = []
    for start in range(0, len(sizes), 8):
        table = [0.0]
        for size in sizes[start : start + 8]:
            table = [total + size for total in table] + [total - size for total in table]
        tables.append(table * (256 // len(table)))
    hits = 0
    for _ in range(draws):
        patterns = source.getrandbits(8 * len(tables)).to_bytes(len(tables), "little")
        hits += abs(sum(map(list.__getitem__, tables, patterns))) >= least
    return hits


def _saddlepoint_tail(sizes: list[float], least: float) -> float:
    """P(sum of the sizes with random signs >= least), by Lugannani and Rice."""
    variance = math.fsum(size * size for size in sizes)
    if least >= math.fsum(sizes) * (1 - 1e-6):
        return 0.5 ** len(sizes)
    if least < 0.01 * math.sqrt(variance):
        return normal_tail(least / math.sqrt(variance))  # the formula is 0/0 in the middle
    # The cumulant generating function is the sum of log cosh(t size). Its slope is concave for t > 0, so that
    # Newton's steps from the normal approximation approach the root from one side.
    t, curvature = least / variance, variance
    for _ in range(200):
        tanhs = [math.tanh(t * size) for size in sizes]
        slope = math.fsum(size * tanh for size, tanh in zip(sizes, tanhs, strict=True))
        curvature = math.fsum(size * size * (1 - tanh * tanh) for size, tanh in zip(sizes, tanhs, strict=True))
        following = t + (least - slope) / curvature
        if abs(following - t) <= 1e-12 * t:
            break
        t = following
    cumulant = math.fsum(t * size + math.log1p(math.exp(-2 * t * size)) - math.log(2) for size in sizes)
    w, u = math.sqrt(2 * (t * least - cumulant)), t * math.sqrt(curvature)
    return normal_tail(w) + math.exp(-w * w / 2) / math.sqrt(2 * math.pi) * (1 / u - 1 / w)
