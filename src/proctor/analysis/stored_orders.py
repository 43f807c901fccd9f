"""Scores over the orders of options, document by document, out of a samples file."""

# A run with --choice_orders has a line for each order in which a document was shown ("variant", "order"). The scores of
# the results file are means over documents of what their orders gave; here each document gets its own again, so that
# two runs can be compared by them, paired. What a line gives is read as the run read it (run.order_values).

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proctor.analysis.order_scores import ItemOrders, OrderedItem, equal_contents, item_orders
from proctor.errors import AnalysisError
from proctor.results.choice_view import choice_view
from proctor.results.stored_run import Identity, Sample, StoredRun


def _mean(one: ItemOrders) -> float:
    return math.fsum(one.right) / len(one.right)


def _effect(one: ItemOrders) -> float:
    return one.right[0] - math.fsum(one.right[1:]) / (len(one.right) - 1)


ORDER_METRICS: Mapping[str, Callable[[ItemOrders], float | None]] = {
    "acc_orders_mean": _mean,
    "acc_orders_worst": lambda one: min(one.right),
    "acc_orders_any": lambda one: max(one.right),
    "sensitivity_gap": lambda one: max(one.right) - min(one.right),
    "acc_orders_majority": lambda one: one.majority,
    "acc_orders_avg_prob": lambda one: one.average,
    "order_consistency": lambda one: one.consistency,
    "order_consistent": lambda one: None if one.consistency is None else float(one.consistency == 1),
    "order_effect": _effect,
}
"""What a document's orders come to, by the metric whose mean over documents a results file has."""


def order_values(run: StoredRun, task: str, metric: str) -> Mapping[tuple[str, Identity], float]:
    """What a metric over orders gives for each document, by filter and document.

    Args:
        run: The run.
        task: One of its tasks.
        metric: One of :data:`ORDER_METRICS`.

    Returns:
        Nothing of documents that could not be graded in all their orders, and of a run with one order.

    Raises:
        DataError: The samples file cannot be read.
    """
    config, value_of = run.config(task), ORDER_METRICS[metric]
    found: dict[tuple[str, Identity], float] = {}
    for samples in _by_document(run, task):
        item = _item(samples, config)
        if item is None or (len(item.orders) < 2 and metric != "acc_orders_mean"):
            continue
        try:
            value = value_of(item_orders(item))
        except AnalysisError:
            # Lines that were edited: what cannot be read has no value.
            continue
        if value is not None:
            found[samples[0].filter, samples[0].identity] = value
    return found


def _by_document(run: StoredRun, task: str) -> Iterator[list[Sample]]:
    """The lines of each document under each filter, its own order first."""
    # All of the task's own orders stand before the others, so what is needed of each line waits until the end.
    parts: dict[tuple[str, int], list[Sample]] = {}
    for sample in run.samples(task, variants=True):
        if "order" in sample.line:
            parts.setdefault((sample.filter, sample.doc_id), []).append(sample)
    for samples in parts.values():
        if not samples[0].line.get("variant"):
            yield samples


def _item(samples: Sequence[Sample], config: Mapping[str, Any]) -> OrderedItem | None:
    view = choice_view(samples[0], config)
    orders = [sample.line["order"] for sample in samples]
    if view is None or not view.golds or any(sample.line.get("error") is not None for sample in samples):
        return None
    if not all(isinstance(order, list) and len(order) == len(view.options) for order in orders):
        return None
    lls = [_option_values(sample.line, len(view.options)) for sample in samples]
    if not all(lls):
        return None
    known = tuple(tuple(one) for one in lls if one)
    return OrderedItem(tuple(map(tuple, orders)), known, view.golds, equal_contents(view.texts))


def _option_values(line: Mapping[str, Any], count: int) -> tuple[float, ...] | None:
    values = line.get("filtered_resps")
    first = next(iter((line.get("arguments") or {}).values()), {})
    try:
        if isinstance(first, dict) and isinstance(first.get("arg_1"), dict):
            return _chosen(values[0], count) if isinstance(values, list) else None
        lls = tuple([float(value[0]) for value in values or ()])
    except (IndexError, KeyError, OverflowError, TypeError, ValueError):
        return None
    return lls[:count] if len(lls) >= count else None


def _chosen(value: Any, count: int) -> tuple[float, ...]:
    """Of a model that chose by label."""
    logprobs = value[5] if len(value) > 5 else None
    if isinstance(logprobs, list) and len(logprobs) == count:
        return tuple(map(float, logprobs))
    picked = str(value[0])
    if not picked.isdecimal():
        return (math.nan,) * count
    return tuple([0.0 if position == int(picked) else -math.inf for position in range(count)])
