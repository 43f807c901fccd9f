"""Position bias from several orders of each item: the test that knowledge cannot disturb."""

# Under whole blocks of rotations a model that goes by content chooses every position equally often *within each item*:
# the expected share is exactly 1/K, whatever it knows and wherever the golds are. So the shares q_i of an item are one
# observation, and
#
#   ``W = n (q̄ - 1/K)' S⁺ (q̄ - 1/K)``, S the covariance of the q_i, chi-square with K - 1 degrees of freedom.
#
# That holds of many items. S is estimated from the same items, so that of few W is far too large: with four options
# and no bias at all, chi-square finds one in 28 % of exams of 8 items, in 15 % of 20, in 8 % of 40 (simulated). W is
# Hotelling's T², and W (n - r)/(r (n - 1)) has the F distribution with r and n - r degrees of freedom, r the rank of S
# (exactly so of normal shares; simulated 4 to 8 % where 5 % are meant). So p is that of F; the two meet for large n.
#
# A Pearson chi-square over all n·K answers would be wrong: the answers of one item depend on each other. Only free
# items of the commonest K count: pins and sorted lists do not show every content at every position.
#
# Sources: Wald's test, https://en.wikipedia.org/wiki/Wald_test; Hotelling's T²,
# https://en.wikipedia.org/wiki/Hotelling%27s_T-squared_distribution; recalls as C. Zheng et al., 2309.03882.

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from proctor.analysis.distributions import beta_cdf, chi_square_tail
from proctor.analysis.order_scores import ItemOrders, OrderedItem, item_orders
from proctor.analysis.positions import ChiSquareTest, commonest_number, spread_of_recalls
from proctor.analysis.resampling import bootstrap_counts
from proctor.analysis.statistic import Statistic, check_same_length, check_some
from proctor.analysis.symmetric import quadratic_form
from proctor.errors import AnalysisError

RSTD_DRAWS = 200
"""Resamples for a standard error, which they give within 5 %."""


@dataclass(frozen=True, slots=True)
class OrderPositions:
    """Chosen positions over the orders of free items."""

    options: int
    """K, the commonest number of options."""
    items: int
    share: tuple[float, ...]
    """Of all choices, by position; 1/K each without bias."""
    gold_share: tuple[float, ...]
    """Of all golds, by position."""
    recall: tuple[float | None, ...]
    """Share of choices of a position where the gold stands there."""
    rstd: Statistic
    rstd_stderr: float | None
    """By a bootstrap over items."""
    test: ChiSquareTest
    """Wald's, for many items."""
    p: float | None
    """Hotelling's, for any number of items; None where ``test`` has none."""


_Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of one item, by position: its share of choices, and of golds that stood there and that were chosen there."""

    share: tuple[float, ...]
    golds: tuple[int, ...]
    hits: tuple[int, ...]


def position_wald(shares: Sequence[Sequence[float]]) -> ChiSquareTest:
    """Test whether every position is chosen equally often.

    Args:
        shares: Of n items, at least one, the share of each of K positions among the choices of its orders.

    Returns:
        Statistic 0 and p = 1 where no item deviates; neither where all items deviate in the very same way, so that
        there is no variance to compare with.

    Raises:
        AnalysisError: There are no items, or they have different numbers of positions.
    """
    return _wald(shares)[0]


def _wald(shares: Sequence[Sequence[float]]) -> tuple[ChiSquareTest, int]:
    """The test, and the rank of the covariance."""
    check_some(shares, "items")
    n, size = len(shares), len(shares[0])
    if any(len(share) != size for share in shares):
        raise AnalysisError("The items of a test of positions have the same number of options.")
    means = [math.fsum(column) / n for column in zip(*shares, strict=True)]
    deviation = [mean - 1 / size for mean in means]
    if max(map(abs, deviation)) < 1e-12:
        return ChiSquareTest(0.0, size - 1, 1.0), 0
    centered = [[value - mean for value, mean in zip(share, means, strict=True)] for share in shares]
    spread = [
        [math.fsum(row[i] * row[j] for row in centered) / max(1, n - 1) for j in range(size)] for i in range(size)
    ]
    form = quadratic_form(spread, deviation)
    if form.outside > 1e-9:
        reason = "all items deviate in the same way: there is no variance to compare the deviation with"
        return ChiSquareTest(None, size - 1, None, reason), form.rank
    return ChiSquareTest(n * form.value, size - 1, chi_square_tail(n * form.value, size - 1)), form.rank


def hotelling_p(shares: Sequence[Sequence[float]]) -> float | None:
    """The p of the same question as :func:`position_wald`, right for few items as well.

    Source: https://en.wikipedia.org/wiki/Hotelling%27s_T-squared_distribution.

    Args:
        shares: As for :func:`position_wald`.

    Returns:
        None where the statistic does not exist.
    """
    wald, rank = _wald(shares)
    if not wald.statistic:
        return wald.p
    # n items span n - 1 directions at most, so that n - rank is at least 1.
    n = len(shares)
    f = wald.statistic * (n - rank) / (rank * (n - 1))
    return beta_cdf((n - rank) / (n - rank + rank * f), (n - rank) / 2, rank / 2)


def order_positions(
    items: Sequence[OrderedItem], read: Sequence[ItemOrders] | None = None, *, source: random.Random
) -> OrderPositions | None:
    """Positions that were chosen, on free items asked in whole blocks of rotations.

    Args:
        items: Free items of a task.
        read: What :func:`proctor.analysis.order_scores.item_orders` gave for each, where it is known already.
        source: Where resamples come from, see :func:`proctor.analysis.draws.source_of`.

    Returns:
        None where no item has several orders without NaN.

    Raises:
        AnalysisError: An item is unusable, see :func:`proctor.analysis.order_scores.item_orders`, or ``read`` belongs
        to
            other items.
    """
    choices = [item_orders(item) for item in items] if read is None else read
    check_same_length(items, choices, "items and their choices")
    several = [(item, one) for item, one in zip(items, choices, strict=True) if len(item.orders) > 1]
    if not several:
        return None
    size = commonest_number([len(item.orders[0]) for item, _ in several])
    counts = [
        counted for item, one in several if len(item.orders[0]) == size and (counted := _counts(item, one)) is not None
    ]
    if not counts:
        return None
    recall = _recall([(one.golds, one.hits) for one in counts], [1] * len(counts))
    golds = [sum(column) for column in zip(*(one.golds for one in counts), strict=True)]
    # Items are of few kinds by where their golds stood and were chosen: sixteen for four rotations of four options.
    kinds = Counter((one.golds, one.hits) for one in counts)
    resampled = bootstrap_counts(
        list(kinds.values()),
        lambda drawn: spread_of_recalls(_recall(list(kinds), drawn)).value,
        source=source,
        draws=RSTD_DRAWS,
    )
    return OrderPositions(
        size,
        len(counts),
        tuple(math.fsum(column) / len(counts) for column in zip(*(one.share for one in counts), strict=True)),
        tuple(gold / sum(golds) for gold in golds),
        tuple(recall),
        spread_of_recalls(recall),
        resampled.stderr,
        position_wald([one.share for one in counts]),
        hotelling_p([one.share for one in counts]),
    )


def _counts(item: OrderedItem, read: ItemOrders) -> _Counts | None:
    """The counts of one item; None where no order has a choice."""
    size = len(item.orders[0])
    chosen, golds, hits = [0] * size, [0] * size, [0] * size
    for order, position in zip(item.orders, read.positions, strict=True):
        if position is None:
            continue
        chosen[position] += 1
        for place, option in enumerate(order):
            golds[place] += option in item.golds
            hits[place] += option in item.golds and place == position
    total = sum(chosen)
    return _Counts(tuple(count / total for count in chosen), tuple(golds), tuple(hits)) if total else None


def _recall(kinds: Sequence[tuple[_Numbers, _Numbers]], times: Sequence[int]) -> list[float | None]:
    """Recall by position of items that have (golds, hits), each kind so many times."""
    golds = [sum(map(mul, column, times)) for column in zip(*(gold for gold, _ in kinds), strict=True)]
    hits = [sum(map(mul, column, times)) for column in zip(*(hit for _, hit in kinds), strict=True)]
    return [hit / gold if gold else None for hit, gold in zip(hits, golds, strict=True)]
