"""``lm_eval.api.registry``: names for filters, metrics and aggregations, kept in proctor's own tables.

What task code registers here is a row there, and what a task file names is looked up there: there
is one place for each name. Source of the rules: lm-eval's registry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from proctor.compat.tasks.registries import Registry
from proctor.filters.table import FILTERS
from proctor.metrics.base import Metric
from proctor.metrics.evaluate_loader import load_external
from proctor.metrics.tables import AGGREGATIONS, METRICS, loaded
from proctor.tasks.output_types.table import OUTPUT_TYPES

log = logging.getLogger("proctor")
T = TypeVar("T")


def _aggregation(row: Metric) -> Callable[..., Any] | None:
    return AGGREGATIONS.get(row.aggregation) if row.aggregation is not None else None


def _with_function(name: str, function: Any) -> Metric:
    return replace(_metric(name), function=function)


def _with_direction(name: str, higher: Any) -> Metric:
    return replace(_metric(name), higher_is_better=higher)


def _with_aggregation(name: str, function: Any) -> Metric:
    known = next((key for key in AGGREGATIONS if AGGREGATIONS.get(key) is function), None)
    # A function of the script's own: it gets a name, because a row names its aggregation.
    if known is None:
        known = f"{name} of {getattr(function, '__module__', '?')}"
        AGGREGATIONS.put(known, function)
    return replace(_metric(name), aggregation=known)


def _metric(name: str) -> Metric:
    # A metric may be registered in parts, in any order: the first part makes the row.
    return METRICS.get(name) if name in METRICS else Metric(name, None, None)


filter_registry: Registry[Any] = Registry("filter", rows=FILTERS)
aggregation_registry: Registry[Any] = Registry("aggregation", rows=AGGREGATIONS)
metric_registry: Registry[Any] = Registry(
    "metric", rows=METRICS, read=lambda row: loaded(row.function), write=_with_function
)
metric_agg_registry: Registry[Any] = Registry(
    "metric_aggregation", rows=METRICS, read=_aggregation, write=_with_aggregation
)
higher_is_better_registry: Registry[Any] = Registry(
    "higher_is_better", rows=METRICS, read=lambda row: row.higher_is_better, write=_with_direction
)
FILTER_REGISTRY = filter_registry
AGGREGATION_REGISTRY = aggregation_registry
METRIC_REGISTRY = metric_registry
METRIC_AGGREGATION_REGISTRY = metric_agg_registry
HIGHER_IS_BETTER_REGISTRY = higher_is_better_registry
REGISTRIES = filter_registry, aggregation_registry, metric_registry, metric_agg_registry, higher_is_better_registry
DEFAULT_METRIC_REGISTRY: dict[str, list[str]] = {name: list(row.default_metrics) for name, row in OUTPUT_TYPES.items()}


def register_filter(name: str) -> Callable[[T], T]:
    """Register a filter class under the name that a ``filter_list`` gives."""
    return filter_registry.register(name)


def get_filter(filter_name: str | Callable[..., Any]) -> Any:
    """The filter class of a name; what can be called already is given back."""
    if callable(filter_name):
        return filter_name
    if filter_name not in filter_registry:
        log.warning("There is no filter named %r.", filter_name)
    return filter_registry.get(filter_name)


def register_metric(**args: Any) -> Callable[[T], T]:
    """Register a metric's function: ``metric`` is its name, ``higher_is_better`` and ``aggregation`` are optional."""

    def decorate(function: T) -> T:
        if "metric" not in args:
            raise AssertionError("register_metric needs the keyword 'metric': the name")
        name = args["metric"]
        aggregation = aggregation_registry.get(args["aggregation"]) if "aggregation" in args else None
        metric_registry.register(name)(function)
        if "higher_is_better" in args:
            higher_is_better_registry.register(name, target=args["higher_is_better"])
        if aggregation is not None:
            metric_agg_registry.register(name, target=aggregation)
        return function

    return decorate


def get_metric(name: str, hf_evaluate_metric: bool = False) -> Callable[..., Any] | None:
    """The function of a metric, else that of the ``evaluate`` library's metric, else None with a word in the log."""
    from proctor.errors import ProctorError

    if not hf_evaluate_metric and name in metric_registry:
        return metric_registry.get(name)
    try:
        return load_external(name, tuple(METRICS))
    except ProctorError as error:
        log.error("%s", error)
        return None


def register_aggregation(name: str) -> Callable[[T], T]:
    """Register a function of all documents' values under the name that a ``metric_list`` gives."""
    return aggregation_registry.register(name)


def get_aggregation(name: str) -> Callable[..., Any] | None:
    """The aggregation of a name, or None with a word in the log."""
    return _or_none(aggregation_registry, name, "There is no aggregation named %r.")


def get_metric_aggregation(name: str) -> Callable[..., Any] | None:
    """The aggregation that a metric has unless the task says otherwise, or None with a word in the log."""
    return _or_none(metric_agg_registry, name, "The metric %r has no aggregation of its own.")


def is_higher_better(metric_name: str) -> bool | None:
    """Whether more of a metric is better, or None with a word in the log."""
    return _or_none(higher_is_better_registry, metric_name, "The metric %r does not say whether higher is better.")


def _or_none(registry: Registry[Any], name: str, warning: str) -> Any:
    found = registry.get(name, None)
    if found is None:
        log.warning(warning, name)
    return found
