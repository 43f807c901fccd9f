"""Accuracy without the preference for positions (PriDe), of a task whose items were asked in all rotations."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.order_scores import OrderedItem, item_orders
from proctor.analysis.orders import cyclic_orders
from proctor.analysis.pride import LEAST_ITEMS, debiased_choice, estimation_items, task_prior
from proctor.analysis.probabilities import usable
from proctor.stats.standard_errors import mean_stderr


@dataclass(frozen=True, slots=True)
class PrideScore:
    """What PriDe gives on a task.

    Attributes:
        value: Share of items whose choice is right, over all numbers of options that have a prior.
        stderr: Its standard error over items; None for one item.
        n: Items.
        priors: By number of options, how much the model favours each position; they sum to 1.
    """

    value: float
    stderr: float | None
    n: int
    priors: dict[int, list[float]]


def pride_score(items: Sequence[OrderedItem], source: random.Random) -> PrideScore | None:
    """Estimate the prior on some items in all rotations; the others answer in their own order, less the prior.

    Items that estimate answer by their mean probability over orders. One prior for each number of options.

    Args:
        items: Items of a task. Those that were not asked in all rotations cannot estimate, and answer like the others.
        source: That of the task, see :func:`proctor.analysis.draws.source_of`.

    Returns:
        None where no number of options has 30 items in all rotations.
    """
    right: list[float] = []
    priors: dict[int, list[float]] = {}
    for size in sorted({len(item.orders[0]) for item in items}):
        same = [item for item in items if len(item.orders[0]) == size and usable(item.lls[0])]
        rotated = [(place, lls) for place, item in enumerate(same) if (lls := _rotations(item)) is not None]
        if size < 2 or len(rotated) < LEAST_ITEMS:
            continue
        places = [place for place, _ in rotated]
        estimating = {places[chosen] for chosen in estimation_items(len(rotated), source)}
        prior = priors[size] = task_prior([lls for place, lls in rotated if place in estimating])
        right += [
            item_orders(item).average if place in estimating else _is_right(item, debiased_choice(item.lls[0], prior))
            for place, item in enumerate(same)
        ]
    if not right:
        return None
    return PrideScore(math.fsum(right) / len(right), mean_stderr(right), len(right), priors)


def _rotations(item: OrderedItem) -> list[tuple[float, ...]] | None:
    """The log-likelihoods of its rotations; None where one is missing or unusable."""
    found = dict(zip(item.orders, item.lls, strict=True))
    lls = [found.get(order) for order in cyclic_orders(len(item.orders[0]))]
    whole = [one for one in lls if one is not None and usable(one)]
    return whole if len(whole) == len(lls) else None


def _is_right(item: OrderedItem, position: int) -> float:
    contents = item.contents or tuple(range(len(item.orders[0])))
    return float(contents[position] in {contents[gold] for gold in item.golds})
