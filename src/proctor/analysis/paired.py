"""A against B on the same documents: test, interval, minimum detectable effect. Always paired."""

#   scores            p                                  interval
#   0/1               exact McNemar                      Bonett and Price's
#   other, clusters   sign flips (of whole clusters)     difference ± t stderr (clustered), C - 1 degrees of freedom
#
# Pairing is worth 20 to 50 % of the documents: two models err on the same ones. Bonett and Price add one to both
# discordant counts, so that the interval keeps a width where nothing is discordant, and covers at small numbers where
# Wald's does not.
#
# Invariants (tests): swapping A and B mirrors the interval and keeps p; a document that both get right changes no
# McNemar p.
#
# Sources: Q. McNemar 1947; M. Fagerland et al., "The McNemar test for binary matched-pairs data", 2013 (mid-p); D.
# Bonett, R. Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data",
# 2012; E. Miller, 2411.00640.

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from proctor.analysis.distributions import (
    check_level,
    fair_coin_cdf,
    fair_coin_probability,
    normal_quantile,
    student_quantile,
)
from proctor.analysis.intervals import clustered_stderr
from proctor.analysis.power import detectable_effect
from proctor.analysis.sign_flips import sign_flip_test
from proctor.analysis.statistic import check_finite, check_same_length, check_some, is_binary
from proctor.errors import AnalysisError
from proctor.stats.intervals import Interval
from proctor.stats.standard_errors import mean_stderr

if TYPE_CHECKING:
    from proctor.analysis.sequences import DifferenceSequence

PairedTest: TypeAlias = Literal["mcnemar", "sign flips", "e-value", "betting"]
"""The last two where a run stopped early: see :mod:`proctor.analysis.sequences`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents by which of the two is right."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def agree(self) -> bool:
        """Whether no document is right in one of the two alone."""
        return self.only_a == self.only_b == 0


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two-sided p-values of the discordant counts."""

    exact: float
    mid_p: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference as intervals and gates take it: ``center ± quantile * stderr``."""

    center: float
    stderr: float
    freedom: float | None
    """Degrees of freedom of Student's t; None for the normal distribution."""
    bounded: bool = False
    """Whether it is a difference of shares, which no bound can exceed by more than 1."""

    def interval(self, level: float = 0.95) -> Interval:
        """The two-sided interval.

        Args:
            level: The probability to cover.

        Raises:
            AnalysisError: The level is no probability.
        """
        p = 1 - check_level(level)
        half = self.stderr * (normal_quantile(p) if self.freedom is None else student_quantile(p, self.freedom))
        low, high = self.center - half, self.center + half
        return (max(-1.0, low), min(1.0, high)) if self.bounded else (low, high)


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A minus B on n documents."""

    n: int
    mean_a: float
    mean_b: float
    difference: float
    """mean_a - mean_b."""
    stderr: float | None
    """Of the difference, paired, clustered where clusters are known; None for one document or one cluster."""
    stderr_unpaired: float | None
    """What it would be if the documents were not the same."""
    estimate: Estimate | None
    """What intervals at any level come from; None where nothing is known of the spread."""
    interval: Interval | None
    p: float
    """Two-sided."""
    test: PairedTest
    p_method: str
    """"exact", "draws" or "saddlepoint": how the test's probability was computed."""
    mid_p: float | None
    """McNemar's mid-p; None for other tests."""
    counts: Counts | None
    """Of 0/1 scores; None for others."""
    clusters: int | None
    """None where documents are independent."""
    variance: float
    """Of the differences of documents (divisor n); with no discordant document the one that Bonett and Price's
    interval has."""
    design_effect: float
    """(stderr / stderr without clusters)²; 1 where documents are independent."""
    detectable_effect: float | None
    """The difference that this set misses one time in five; None where the spread of differences is unknown."""
    reason: str | None
    """Why the interval or the detectable effect is None."""
    sequence: DifferenceSequence | None = None
    """Where a run stopped early: the differences in the order of asking, of which intervals at any level come."""


def paired_counts(right_a: Sequence[float], right_b: Sequence[float]) -> Counts:
    """Count documents by which of the two is right.

    Args:
        right_a: 0 or 1 of n documents.
        right_b: The same of B.

    Raises:
        AnalysisError: They differ in length, or a value is neither 0 nor 1.
    """
    check_same_length(right_a, right_b, "scores of A and of B")
    if not (is_binary(right_a) and is_binary(right_b)):
        raise AnalysisError("A score is neither 0 nor 1: right and wrong answers can be counted only of such scores.")
    a, b = int(sum(right_a)), int(sum(right_b))
    both = sum(1 for x, y in zip(right_a, right_b, strict=True) if x and y)
    return Counts(both, a - both, b - both, len(right_a) - a - b + both)


def mcnemar(only_a: int, only_b: int) -> McNemar:
    """McNemar's exact test: among discordant documents, A and B are equally often the right one.

    Args:
        only_a: Documents that only A gets right.
        only_b: Documents that only B gets right.

    Returns:
        Both p-values; they are 1 where nothing is discordant or the counts are equal.

    Raises:
        AnalysisError: A count is below 0.
    """
    if min(only_a, only_b) < 0:
        raise AnalysisError(f"{only_a} and {only_b} discordant documents: a count cannot be below 0.")
    if only_a == only_b:
        return McNemar(1.0, 1.0)
    fewer, n = min(only_a, only_b), only_a + only_b
    both_tails = 2 * fair_coin_cdf(fewer, n)
    return McNemar(min(1.0, both_tails), both_tails - fair_coin_probability(fewer, n))


def bonett_price(only_a: int, only_b: int, n: int) -> Estimate:
    """Bonett and Price's adjusted estimate of a difference of paired shares.

    ``p̃ - q̃ ± z sqrt((p̃ + q̃ - (p̃ - q̃)²)/(n + 2))`` with ``p̃ = (only_a + 1)/(n + 2)``, ``q̃ = (only_b + 1)/(n +
    2)``.

    Args:
        only_a: Documents that only A gets right.
        only_b: Documents that only B gets right.
        n: All documents, at least one.

    Raises:
        AnalysisError: A count is below 0, or there are more discordant documents than documents.
    """
    if min(only_a, only_b) < 0 or n < 1 or only_a + only_b > n:
        raise AnalysisError(f"{only_a} and {only_b} discordant documents of {n}: that cannot be.")
    p, q = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    return Estimate(p - q, math.sqrt((p + q - (p - q) ** 2) / (n + 2)), None, bounded=True)


def paired_difference(
    a: Sequence[float],
    b: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    source: random.Random,
    level: float = 0.95,
) -> PairedDifference:
    """Compare two models, prompts or runs on the same documents.

    Args:
        a: The score of A on each of n documents, at least one, all finite.
        b: That of B, in the same order.
        clusters: The cluster of each document; None where documents are independent.
        source: Where random signs come from, see :func:`proctor.analysis.draws.source_of`.
        level: The probability that the interval covers.

    Raises:
        AnalysisError: Lengths differ, there is no document, a score is not finite, the level is no probability.
    """
    check_some(a, "documents")
    check_same_length(a, b, "scores of A and of B")
    differences = [x - y for x, y in zip(a, b, strict=True)]
    check_finite(differences, "difference of scores")
    n, binary = len(a), is_binary(a) and is_binary(b)
    mean_a, mean_b = math.fsum(a) / n, math.fsum(b) / n
    plain = mean_stderr(differences)
    stderr, count = (plain, None) if clusters is None else clustered_stderr(differences, clusters)
    counts = paired_counts(a, b) if binary else None
    estimate = _estimate(differences, stderr, count, counts)
    effect = (stderr / plain) ** 2 if count and stderr and plain else 1.0
    variance = _variance(differences, counts)
    detectable = detectable_effect(variance, n, design_effect=effect) if variance > 0 and count != 1 else None
    if binary and detectable is not None and detectable > 1:
        # Shares differ by 1 at most: so few documents find no difference at all.
        detectable = None
    if counts and count is None:
        tests = mcnemar(counts.only_a, counts.only_b)
        p, test, method, mid = tests.exact, "mcnemar", "exact", tests.mid_p
    else:
        flips = sign_flip_test(differences, clusters, source=source)
        p, test, method, mid = flips.p, "sign flips", flips.method, None
    return PairedDifference(
        n,
        mean_a,
        mean_b,
        math.fsum(differences) / n,
        stderr,
        _unpaired(a, b),
        estimate,
        estimate.interval(level) if estimate else None,
        p,
        test,
        method,
        mid,
        counts,
        count,
        variance,
        effect,
        detectable,
        _reason(n, count, estimate),
    )


def _unpaired(a: Sequence[float], b: Sequence[float]) -> float | None:
    first, second = mean_stderr(a), mean_stderr(b)
    return None if first is None or second is None else math.hypot(first, second)


def _estimate(
    differences: list[float], stderr: float | None, clusters: int | None, counts: Counts | None
) -> Estimate | None:
    """What the interval comes from."""
    if counts and clusters is None:
        return bonett_price(counts.only_a, counts.only_b, len(differences))
    if not stderr:
        return None
    return Estimate(math.fsum(differences) / len(differences), stderr, (clusters or len(differences)) - 1)


def _variance(differences: list[float], counts: Counts | None) -> float:
    """Variance of the differences with divisor n, for 0/1 scores the discordant share minus the squared difference."""
    n = len(differences)
    if counts and not counts.only_a and not counts.only_b:
        # No discordant document does not mean that none can be: as in the interval, one of either kind is added.
        return 2 / (n + 2)
    middle = math.fsum(differences) / n
    return math.fsum((difference - middle) ** 2 for difference in differences) / n


def _reason(n: int, clusters: int | None, estimate: Estimate | None) -> str | None:
    if estimate:
        return None
    if clusters == 1:
        return "all documents are one cluster: nothing is known of how clusters vary"
    if n == 1:
        return "one document: nothing is known of how documents vary"
    return "all differences, or the sums of all clusters, are equal: their spread is unknown"
