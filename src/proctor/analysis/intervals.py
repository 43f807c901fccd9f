"""Intervals of one score: of a share of right answers, of clustered documents."""

# Wilson's interval is the default for shares: it covers what it promises where ``s/sqrt(n)`` does not (10 right of
# 10), and is shorter than the exact one of Clopper and Pearson. Documents that share a passage or a template count for
# fewer than they are: their sums, not they, vary independently. ``clustered_mean`` measures for how many (n / design
# effect), and gives Wilson's interval on that number.
#
# Sources: E. B. Wilson 1927; C. J. Clopper, E. S. Pearson 1934; E. Miller, "Adding error bars to evals",
# https://arxiv.org/abs/2411.00640 (clusters; the factor C/(C - 1) is added here); C. Franco et al., "Comparative study
# of confidence intervals for proportions in complex sample surveys", 2019 (Wilson on effective n).

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.analysis.distributions import beta_quantile, check_level, normal_quantile, student_quantile
from proctor.analysis.statistic import check_finite, check_same_length, check_some, is_binary
from proctor.errors import AnalysisError
from proctor.stats.intervals import Interval, wilson_interval
from proctor.stats.standard_errors import mean_stderr

ShareMethod: TypeAlias = Literal["wilson", "exact"]

FEW_CLUSTERS = 20
"""With fewer clusters a clustered standard error is itself uncertain: a warning."""


def share_interval(hits: int, n: int, level: float = 0.95, method: ShareMethod = "wilson") -> Interval:
    """The interval of a share of independent hits.

    Args:
        hits: How many of the values are 1.
        n: The number of values, at least one.
        level: The probability to cover.
        method: "wilson", or "exact": Clopper and Pearson's, which covers at least the level everywhere.

    Returns:
        The lower and the upper bound, within 0 and 1.

    Raises:
        AnalysisError: There are no values, more hits than values, or the level is no probability.
    """
    tail = check_level(level)
    if not 0 <= hits <= n or n < 1:
        raise AnalysisError(f"{hits} hits of {n} values: hits must lie between 0 and a number of values of at least 1.")
    if method == "exact":
        low = 0.0 if hits == 0 else beta_quantile(tail, hits, n - hits + 1)
        return low, 1.0 if hits == n else beta_quantile(1 - tail, hits + 1, n - hits)
    return wilson_interval(hits, n, normal_quantile(1 - tail))


@dataclass(frozen=True, slots=True)
class ClusteredMean:
    """A mean of clustered values, and how sure it is."""

    mean: float
    n: int
    """Values."""
    clusters: int
    stderr: float | None
    """The clustered standard error; None with one cluster."""
    stderr_plain: float | None
    """``s/sqrt(n)``, as if the values were independent; None for one value."""
    design_effect: float | None
    """``(stderr / stderr_plain)²``; None where one of them does not exist or all values are equal."""
    effective_n: float | None
    """Independent values that would be as sure: n / max(design effect, 1). None with one cluster."""
    interval: Interval | None
    """Wilson's on ``effective_n`` for 0/1 values, else mean ± t stderr; None where neither exists."""
    interval_t: Interval | None
    """mean ± t stderr, with clusters - 1 degrees of freedom."""
    reason: str | None
    """Why the standard error or the interval is None."""
    few_clusters: bool
    """Fewer than 20 clusters: the standard error is itself uncertain."""


def cluster_sums(values: Sequence[float], clusters: Iterable[Hashable]) -> list[float]:
    """The sum of the values of each cluster, in the order of first appearance.

    Args:
        values: n numbers.
        clusters: The cluster of each of them.
    """
    parts: dict[Hashable, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        parts.setdefault(cluster, []).append(value)
    return [math.fsum(part) for part in parts.values()]


def clustered_stderr(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[float | None, int]:
    """``sqrt(C/(C-1) sum_c (sum_{i in c} (s_i - mean))²) / n``, C clusters.

    Source: Miller, 2411.00640, with the correction C/(C - 1) for few clusters.

    Args:
        values: n numbers, at least one, all finite.
        clusters: The cluster of each of them: any hashable name.

    Returns:
        The standard error, None where there is one cluster only; the number of clusters.

    Raises:
        AnalysisError: The two differ in length, there is no value, or one is not finite.
    """
    check_some(values, "values")
    check_same_length(values, clusters, "values and clusters")
    check_finite(values, "value")
    middle = math.fsum(values) / len(values)
    sums = cluster_sums([value - middle for value in values], clusters)
    count = len(sums)
    if count < 2:
        return None, count
    return math.sqrt(count / (count - 1) * math.fsum(total * total for total in sums)) / len(values), count


def clustered_mean(values: Sequence[float], clusters: Sequence[Hashable], level: float = 0.95) -> ClusteredMean:
    """The mean of values of which those of one cluster may depend on each other.

    Where all values are equal the design effect cannot be measured. Then each cluster counts as one value: the careful
    end of what is possible.

    Args:
        values: n numbers, at least one, all finite.
        clusters: The cluster of each of them: any hashable name.
        level: The probability that the intervals cover.

    Raises:
        AnalysisError: The two differ in length, there is no value, one is not finite, the level is no probability.
    """
    tail = check_level(level)
    stderr, count = clustered_stderr(values, clusters)
    mean, n, plain = math.fsum(values) / len(values), len(values), mean_stderr(values)
    if stderr is None:
        reason = "all documents are one cluster: nothing is known of how clusters vary"
        return ClusteredMean(mean, n, count, None, plain, None, None, None, None, reason, True)
    effect = (stderr / plain) ** 2 if plain else None
    effective = float(count) if effect is None else n / max(effect, 1)
    t = student_quantile(1 - tail, count - 1)
    interval_t = (mean - t * stderr, mean + t * stderr) if stderr > 0 else None
    interval = wilson_interval(mean * effective, effective, t) if is_binary(values) else interval_t
    reason = None if interval else "all values, or the sums of all clusters, are equal: their spread is unknown"
    return ClusteredMean(
        mean, n, count, stderr, plain, effect, effective, interval, interval_t, reason, count < FEW_CLUSTERS
    )


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval | None:
    """The interval of a mean of independent values: Wilson's where all are 0 or 1, else mean ± t stderr.

    Args:
        values: n numbers, at least one, all finite.
        level: The probability to cover.

    Returns:
        None where the values are not 0/1 and their spread is unknown: one value, or all equal.

    Raises:
        AnalysisError: There is no value, one is not finite, or the level is no probability.
    """
    check_some(values, "values")
    check_finite(values, "value")
    if is_binary(values):
        return share_interval(int(sum(values)), len(values), level)
    stderr = mean_stderr(values)
    if not stderr:
        return None
    middle, half = math.fsum(values) / len(values), student_quantile(1 - check_level(level), len(values) - 1) * stderr
    return middle - half, middle + half
