"""Scores over the orders of an item: would the score be the same if B had been A?"""

# Per item i with orders r: ``s_ir`` is 1 where the chosen *content* is a gold. The chosen position is the first of the
# highest log-likelihoods, as in ``acc``. All values of an item are averaged first; standard errors are over items,
# clustered where clusters are known.
#
#   one order only   the item counts in the mean over orders and nowhere else (fixed items): n stands with each score
#   equal options    are one content: choosing either copy is choosing that content
#   NaN              such an order is never right, and is left out of probabilities, consistency and position shares;
#                    counted
#   equal scores     the first position wins; how often that decided is counted (a bias that the model does not have)
#
# Invariant (a test): worst <= mean <= any, and all are equal, with consistency 1, for a model that goes by content.
#
# Sources: Y. Liu et al., 2307.06281 (worst: CircularEval); G. Nalbandyan et al., 2503.00137 (consistency: SCORE); P.
# Pezeshkpour, E. Hruschka, 2308.11483 (gap).

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from proctor.analysis.intervals import clustered_stderr
from proctor.analysis.orders import Order
from proctor.analysis.probabilities import first_highest, softmax, usable
from proctor.analysis.statistic import check_same_length, check_some
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """An item asked in several orders."""

    orders: tuple[Order, ...]
    """R orders of K options, the canonical one first."""
    lls: tuple[tuple[float, ...], ...]
    """Of each order, the log-likelihood of each *position*."""
    golds: tuple[int, ...]
    """The contents that are right: positions in the canonical order."""
    contents: tuple[int, ...] = ()
    """Of each option, the first one with an equal text; empty where all differ."""
    cluster: Hashable = None
    """Items of one cluster may depend on each other; None: by itself."""


@dataclass(frozen=True, slots=True)
class ItemOrders:
    """What an item's orders gave."""

    positions: tuple[int | None, ...]
    """The chosen position of each order; None for NaN."""
    chosen: tuple[int | None, ...]
    """The chosen content of each order; None for NaN."""
    right: tuple[float, ...]
    """1 where the chosen content is a gold."""
    probability: dict[int, float]
    """Of each content, its mean probability over orders; empty where no order has probabilities."""
    majority: float
    """Whether the content that is chosen most often is a gold; 1/t where t are equally common and likely."""
    average: float
    """Whether the content with the highest mean probability is a gold."""
    consistency: float | None
    """Share of pairs of orders with the same chosen content; None for fewer than two orders without NaN."""
    ties: int
    """Orders where two contents share the highest log-likelihood."""


@dataclass(frozen=True, slots=True)
class MeanOfItems:
    """The mean of one value per item."""

    value: float | None
    """None without items."""
    stderr: float | None
    n: int
    """Items."""
    clusters: int | None = None
    """How many clusters the error is over; None: items are independent."""


@dataclass(frozen=True, slots=True)
class OrderScores:
    """The scores of a task over orders; keys of results are ``acc_orders_*`` and ``order_*``."""

    canonical: MeanOfItems
    """``acc`` on the items of ``mean``."""
    mean: MeanOfItems
    """Over orders, then over all items, fixed ones included."""
    worst: MeanOfItems
    """Right in every order."""
    any: MeanOfItems
    """Right in some order."""
    gap: MeanOfItems
    """any - worst."""
    majority: MeanOfItems
    average: MeanOfItems
    consistency: MeanOfItems
    consistent: MeanOfItems
    """Items whose choice never changes."""
    effect: MeanOfItems
    """The canonical order minus the mean of the others."""
    at_least: tuple[float, ...]
    """Share of items right in k or more orders, k = 1, 2, ...; empty without items."""
    nan_orders: int
    ties: int
    """Of all orders; more than 1 % is a bias towards the first position that the model does not have."""
    orders: int
    """Of all items together."""


def item_orders(item: OrderedItem) -> ItemOrders:
    """Read the choices of one item.

    Args:
        item: Its orders and log-likelihoods.

    Raises:
        AnalysisError: There is no order, the first is not the canonical one, or lengths do not belong together.
    """
    _check(item)
    contents = item.contents or tuple(range(len(item.orders[0])))
    golds = {contents[gold] for gold in item.golds}
    positions, chosen, ties = [], [], 0
    sums: dict[int, float] = {}
    for order, lls in zip(item.orders, item.lls, strict=True):
        if not usable(lls):
            positions.append(None)
            chosen.append(None)
            continue
        position = first_highest(lls)
        ties += len({contents[option] for option, ll in zip(order, lls, strict=True) if ll == lls[position]}) > 1
        positions.append(position)
        chosen.append(contents[order[position]])
        for option, probability in zip(order, softmax(lls), strict=True):
            sums[contents[option]] = sums.get(contents[option], 0.0) + probability
    valid = [content for content in chosen if content is not None]
    probability = {content: total / len(valid) for content, total in sorted(sums.items())}
    return ItemOrders(
        tuple(positions),
        tuple(chosen),
        tuple(float(content in golds) for content in chosen),
        probability,
        _majority(valid, probability, golds),
        float(bool(valid) and max(probability, key=lambda content: probability[content]) in golds),
        _consistency(valid),
        ties,
    )


def _check(item: OrderedItem) -> None:
    check_same_length(item.orders, item.lls, "orders and their log-likelihoods")
    size = _check_orders(item.orders)
    if any(len(lls) != size for lls in item.lls) or (item.contents and len(item.contents) != size):
        raise AnalysisError(f"An item of {size} options has a log-likelihood and a content for each of them.")
    if not item.golds or not all(0 <= gold < size for gold in item.golds):
        raise AnalysisError(f"The gold {list(item.golds)} is none of {size} options.")


@lru_cache(maxsize=64)  # most items of a task share their orders
def _check_orders(orders: tuple[Order, ...]) -> int:
    """The number of options of orders that are usable."""
    check_some(orders, "orders")
    size = len(orders[0])
    if orders[0] != tuple(range(size)):
        raise AnalysisError(f"The first order of an item is the canonical one, not {orders[0]}.")
    if any(sorted(order) != list(range(size)) for order in orders):
        raise AnalysisError(f"An order of {size} options names each of them once.")
    return size


def _majority(chosen: Sequence[int], probability: dict[int, float], golds: set[int]) -> float:
    counts = Counter(chosen)
    if not counts:
        return 0.0
    most = max(counts.values())
    common = [content for content, count in counts.items() if count == most]
    likeliest = max(probability[content] for content in common)
    # Means of equal probabilities in another order differ in the last digit.
    common = [content for content in common if probability[content] >= likeliest - 1e-12]
    return sum(content in golds for content in common) / len(common)


def _consistency(chosen: Sequence[int]) -> float | None:
    pairs = len(chosen) * (len(chosen) - 1)
    return sum(count * (count - 1) for count in Counter(chosen).values()) / pairs if pairs else None


def equal_contents(options: Sequence[str]) -> tuple[int, ...]:
    """Of each option, the first one with an equal text (spaces around it do not count).

    Args:
        options: The texts of K options.
    """
    first: dict[str, int] = {}
    return tuple(first.setdefault(option.strip(), position) for position, option in enumerate(options))


def order_scores(items: Sequence[OrderedItem], read: Sequence[ItemOrders] | None = None) -> OrderScores:
    """The scores of a task over the orders of its items.

    Args:
        items: Its items, at least one.
        read: What :func:`item_orders` gave for each, where it is known already.

    Raises:
        AnalysisError: There are no items, or one of them is unusable, see :func:`item_orders`.
    """
    check_some(items, "items")
    if read is None:
        read = [item_orders(item) for item in items]
    check_same_length(items, read, "items and their choices")
    rows = list(zip(read, (item.cluster for item in items), strict=True))
    several = [row for row in rows if len(row[0].right) > 1]

    def of(
        value: Callable[[ItemOrders], float | None], chosen: Sequence[tuple[ItemOrders, Hashable]] = several
    ) -> MeanOfItems:
        return _mean([(x, cluster) for one, cluster in chosen if (x := value(one)) is not None])

    return OrderScores(
        canonical=of(lambda one: one.right[0], rows),
        mean=of(lambda one: math.fsum(one.right) / len(one.right), rows),
        worst=of(lambda one: min(one.right)),
        any=of(lambda one: max(one.right)),
        gap=of(lambda one: max(one.right) - min(one.right)),
        majority=of(lambda one: one.majority),
        average=of(lambda one: one.average),
        consistency=of(lambda one: one.consistency),
        consistent=of(lambda one: None if one.consistency is None else float(one.consistency == 1)),
        effect=of(lambda one: one.right[0] - math.fsum(one.right[1:]) / (len(one.right) - 1)),
        at_least=_at_least([one.right for one, _ in several]),
        nan_orders=sum(one.chosen.count(None) for one in read),
        ties=sum(one.ties for one in read),
        orders=sum(len(one.right) for one in read),
    )


def _mean(values: Sequence[tuple[float, Hashable]]) -> MeanOfItems:
    """The mean of item values; the error is clustered where any item has a cluster."""
    if not values:
        return MeanOfItems(None, None, 0)
    scores, count = [value for value, _ in values], None
    if all(cluster is None for _, cluster in values):
        stderr = mean_stderr(scores)
    else:
        names = [("item", i) if cluster is None else ("cluster", cluster) for i, (_, cluster) in enumerate(values)]
        stderr, count = clustered_stderr(scores, names)
    return MeanOfItems(math.fsum(scores) / len(scores), stderr, len(scores), count)


def _at_least(rights: Sequence[Sequence[float]]) -> tuple[float, ...]:
    most = max(map(len, rights), default=0)
    return tuple(sum(sum(right) >= k for right in rights) / len(rights) for k in range(1, most + 1))
