"""Contamination: does a model find an exam's published form likelier than equivalent ones, beyond chance?"""

#   order canary         the published order of the options among random ones, for *free* items only: a sorted list is
#                        likelier in its natural order without any memory
#   order drop           the score of the published order against the others
#   order of documents   the published order of documents against shuffled ones, by shards
#   completion           the second half of a question after the first
#
# What this can show is a preference for the published form. The word memory needs a reference: a model that cannot
# have seen the exam, on the same items. What it cannot show is that a model has *not* seen it, or how much of a score
# is due to it.
#
# Under exchangeability of orders an item's rank is uniform on 1..R. The rank sum finds many weak traces, the count of
# first places few strong ones; both are reported, Holm-corrected for being two.
#
# Sources: S. Ni et al., 2409.01790 (first places); N. Hidayat et al., 2505.24263 (comparison of methods); Y. Oren et
# al., 2310.17623 (order of documents).

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.baselines import guessing_tail
from proctor.analysis.distributions import fair_coin_cdf, normal_tail, student_tail
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.statistic import check_finite, check_same_length, check_some
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr, sample_std

MOST_EXACT = 200
"""Items up to which the distribution of the rank sum is exact."""


@dataclass(frozen=True, slots=True)
class OrderCanary:
    """The published order of options among others, item by item."""

    ranks: tuple[float, ...]
    """1: the published order is the likeliest. Equal ones share ranks."""
    rank_sum: float
    p_rank_sum: float
    """One-sided: a sum as small, or smaller."""
    first_places: int
    first_share: float
    first_expected: float
    """Mean of 1/R."""
    p_first: float
    """One-sided: as many first places, or more."""
    p_corrected: tuple[float, float]
    """Both p-values, Holm-corrected."""
    z_items: tuple[float | None, ...]
    """Of each item, (published - mean) / sd over its orders; None where all are equal."""
    z_mean: float | None


def order_canary(logliks: Sequence[Sequence[float]]) -> OrderCanary:
    """Rank the published order of each item's options among its other orders.

    Args:
        logliks: Of n free items, at least one, the log-likelihood of stem and options in each of R >= 2 orders, the
            published one first.

    Raises:
        AnalysisError: There are no items, an item has fewer than two orders, or a log-likelihood is not finite.
    """
    check_some(logliks, "items")
    for position, one in enumerate(logliks):
        if len(one) < 2:
            raise AnalysisError(f"Item {position} has {len(one)} orders: a rank needs at least two.")
        check_finite(one, f"log-likelihood of item {position}")
    ranks = tuple(_rank(one) for one in logliks)
    sizes = [len(one) for one in logliks]
    first = sum(rank == 1 for rank in ranks)
    p_rank, p_first = rank_sum_tail(math.fsum(ranks), sizes), guessing_tail([1 / size for size in sizes], first)
    z_items = tuple(_z(one) for one in logliks)
    known = [z for z in z_items if z is not None]
    holm = [p for p in adjusted([p_rank, p_first]) if p is not None]
    return OrderCanary(
        ranks,
        math.fsum(ranks),
        p_rank,
        first,
        first / len(ranks),
        math.fsum(1 / size for size in sizes) / len(sizes),
        p_first,
        (holm[0], holm[1]),
        z_items,
        math.fsum(known) / len(known) if known else None,
    )


def _rank(logliks: Sequence[float]) -> float:
    """1 + higher ones + half of the equal ones."""
    own = logliks[0]
    return 1 + sum(other > own for other in logliks[1:]) + sum(other == own for other in logliks[1:]) / 2


def _z(logliks: Sequence[float]) -> float | None:
    spread = sample_std(logliks)
    return (logliks[0] - math.fsum(logliks) / len(logliks)) / spread if spread > 0 else None


def rank_sum_tail(rank_sum: float, orders: Sequence[int]) -> float:
    """P(a sum of independent uniform ranks <= rank_sum).

    Exact in whole numbers for up to 200 items, then normal with a correction for continuity. Shared ranks end on a
    half; the next whole number is taken, which makes p larger.

    Args:
        rank_sum: The observed sum.
        orders: R of each item: its rank is uniform on 1..R.
    """
    n, least = len(orders), math.ceil(rank_sum - 1e-9)
    if n > MOST_EXACT:
        mean = math.fsum((size + 1) / 2 for size in orders)
        variance = math.fsum((size**2 - 1) / 12 for size in orders)
        return normal_tail((mean - least - 0.5) / math.sqrt(variance))
    # Ways to reach each sum, as whole numbers: differences of cumulated floats would lose the small tail.
    ways = [1]
    for size in orders:
        cumulated = [0]
        for count in ways:
            cumulated.append(cumulated[-1] + count)
        last = len(ways)
        ways = [cumulated[min(k + 1, last)] - cumulated[max(0, k + 1 - size)] for k in range(last + size - 1)]
    below = sum(ways[: max(0, least - n + 1)])
    return below / math.prod(orders)


@dataclass(frozen=True, slots=True)
class OneSidedTest:
    """A mean that is tested against 0 from above."""

    mean: float
    stderr: float | None
    t: float | None
    p: float | None
    reason: str | None
    """Why there is no test."""


def one_sided_test(values: Sequence[float]) -> OneSidedTest:
    """Student's t: is the mean above 0?

    For ``order_effect`` (canonical minus the mean of the others, by item) and for ranks against a reference model.

    Args:
        values: Of n units, at least one, all finite.

    Raises:
        AnalysisError: There are no values, or one is not finite.
    """
    check_some(values, "values")
    check_finite(values, "value")
    mean, stderr = math.fsum(values) / len(values), mean_stderr(values)
    if not stderr:
        reason = (
            "one value: how it varies is unknown" if stderr is None else "all values are equal: their spread is unknown"
        )
        return OneSidedTest(mean, stderr, None, None, reason)
    t = mean / stderr
    return OneSidedTest(mean, stderr, t, student_tail(t, len(values) - 1), None)


def against_reference(ranks: Sequence[float], reference: Sequence[float]) -> OneSidedTest:
    """How much nearer to the first place the published order is than for a model that cannot have seen the exam.

    Args:
        ranks: Of n items, for the model.
        reference: Of the same items, for the reference model.

    Returns:
        Reference rank minus rank, with its paired error: above 0, the model prefers the published order more.

    Raises:
        AnalysisError: Lengths differ, or there are no items.
    """
    check_same_length(ranks, reference, "ranks of the model and of the reference")
    return one_sided_test([other - own for own, other in zip(ranks, reference, strict=True)])


@dataclass(frozen=True, slots=True)
class OrderDrop:
    """The canonical order against one other."""

    drop: float
    """Score of the canonical order minus that of the other."""
    p: float
    """One-sided McNemar: is the canonical order easier?"""


def order_drop(only_canonical: int, only_permuted: int, n: int) -> OrderDrop:
    """Test whether the canonical order is easier than another one.

    Args:
        only_canonical: Items that are right in the canonical order only.
        only_permuted: Items that are right in the other order only.
        n: All items, at least one.

    Raises:
        AnalysisError: Counts are impossible.
    """
    if min(only_canonical, only_permuted) < 0 or n < 1 or only_canonical + only_permuted > n:
        raise AnalysisError(f"{only_canonical} and {only_permuted} discordant items of {n}: that cannot be.")
    return OrderDrop((only_canonical - only_permuted) / n, fair_coin_cdf(only_permuted, only_canonical + only_permuted))


@dataclass(frozen=True, slots=True)
class ShardedOrder:
    """The published order of documents against shuffled ones."""

    differences: tuple[float, ...]
    """Of each shard, canonical minus the mean of the shuffled log-likelihoods."""
    test: OneSidedTest


def sharded_order(shards: Sequence[Sequence[float]]) -> ShardedOrder:
    """Test whether shards of consecutive documents are likelier in their published order.

    Blind to exams that were crawled document by document.

    Args:
        shards: Of each shard, its log-likelihood in the published order, then in one or more shuffled orders.

    Raises:
        AnalysisError: There are no shards, one has no shuffled order, or a log-likelihood is not finite.
    """
    for position, one in enumerate(shards):
        if len(one) < 2:
            raise AnalysisError(f"Shard {position} has no shuffled order to compare with.")
    differences = tuple(one[0] - math.fsum(one[1:]) / (len(one) - 1) for one in shards)
    return ShardedOrder(differences, one_sided_test(differences))


@dataclass(frozen=True, slots=True)
class Completion:
    """The second halves of questions, after the first."""

    per_token: float
    """Mean over items of log-likelihood / tokens."""
    greedy_share: float
    """Items whose second half greedy decoding writes."""
    n: int


def completion(lls: Sequence[float], tokens: Sequence[int], greedy: Sequence[bool]) -> Completion:
    """How well a model continues the questions of an exam; to be compared with a reference model.

    Args:
        lls: The log-likelihood of the second half of each of n items, at least one.
        tokens: Its tokens, at least one each.
        greedy: Whether greedy decoding writes it.

    Raises:
        AnalysisError: Lengths differ, there are no items, one has no tokens, a log-likelihood is not finite.
    """
    check_some(lls, "items")
    check_same_length(lls, tokens, "log-likelihoods and numbers of tokens")
    check_same_length(lls, greedy, "log-likelihoods and greedy marks")
    check_finite(lls, "log-likelihood")
    if Counter(tokens)[0]:
        raise AnalysisError("A second half without tokens says nothing: leave such items out and count them.")
    per_token = math.fsum(ll / count for ll, count in zip(lls, tokens, strict=True)) / len(lls)
    return Completion(per_token, sum(map(bool, greedy)) / len(greedy), len(lls))
