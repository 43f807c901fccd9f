"""``lm_eval.api.registry``: names for filters, metrics and aggregations, as views of proctor's own tables.

What task code registers here is a row there, and what a task file names is looked up there: there
is one place for each name. Source of the rules: lm-eval's registry.

A name registered for two different objects is a ValueError, as there. Two copies of one file (a
folder of tasks and its variant often share their helpers) register the same thing twice, which is
none; nor is a file that was edited and loaded again.
"""

# Views and not copies
# --------------------
#   lm_eval.api.registry.metric_registry      read: a row's function           write: a new row with this function
#   lm_eval.api.registry.metric_agg_registry  read: a row's aggregation        write: the same row, other aggregation
#   lm_eval.api.registry.higher_is_better...  read: a row's direction          write: the same row, other direction
#                         \_________________  proctor.metrics.tables.METRICS: one row has all three
#
# lm-eval keeps three dictionaries under one name; task code registers in some of them only. A view of the one table
# cannot get out of step with what a run uses.

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from proctor.alias import TaskModule
from proctor.errors import ProctorError, UsageError
from proctor.filters.table import FILTERS
from proctor.lazy import load_attribute
from proctor.metrics.base import Metric
from proctor.metrics.evaluate_loader import load_external
from proctor.metrics.tables import AGGREGATIONS, METRICS, loaded
from proctor.registry import Table
from proctor.tasks.output_types.table import OUTPUT_TYPES

log = logging.getLogger("proctor")
T = TypeVar("T")
_MISSING: Any = object()


class Registry(Mapping[str, T], Generic[T]):
    """Names and objects; ``"module:attribute"`` stands for an object that is imported when asked for.

    ``read`` takes the object out of a row and ``write`` makes the row of a name and an object.
    """

    def __init__(
        self,
        name: str,
        *,
        base_cls: type[T] | None = None,
        rows: Table[Any] | None = None,
        read: Callable[[Any], Any] | None = None,
        write: Callable[[str, Any], Any] | None = None,
    ) -> None:
        self._name = name
        self._base = base_cls
        self._rows: Table[Any] = Table(name, {}) if rows is None else rows
        self._read = read or (lambda row: row)
        self._write = write or (lambda _, target: target)
        self._frozen = False

    def register(self, *aliases: str, target: Any = None) -> Callable[[Any], Any]:
        """Register ``target`` under the one alias, or what is decorated under all of them (or its own name)."""
        if target is not None:
            if len(aliases) != 1:
                raise ValueError("Exactly one alias required when using 'target='")
            self._store(aliases[0], target)
            return lambda decorated: decorated

        def decorate(decorated: Any) -> Any:
            for alias in aliases or (getattr(decorated, "__name__", str(decorated)),):
                self._store(alias, decorated)
            return decorated

        return decorate

    def _store(self, alias: str, target: Any) -> None:
        if self._frozen:
            raise TypeError(f"The {self._name} registry is frozen: {alias!r} cannot be registered.")
        self._check(alias, target, "must inherit from")
        current = self.get(alias, None)
        if isinstance(target, str) and current is not None:
            target = load_attribute(target)
        if current is not None and current != target and not _same_code(current, target):
            raise ValueError(f"{self._name!r} alias '{alias}' already registered (existing={current}, new={target})")
        self._rows.put(alias, self._write(alias, target))

    def _check(self, alias: str, target: Any, what: str) -> None:
        if self._base is not None and isinstance(target, type) and not issubclass(target, self._base):
            raise TypeError(f"{target} {what} {self._base} (alias '{alias}' of the {self._name} registry)")

    def get(self, alias: str, default: Any = _MISSING) -> Any:
        """The object of a name; without a ``default`` an unknown name is a KeyError with the closest ones."""
        try:
            target = self._read(self._rows.get(alias))
        except UsageError as error:
            if default is not _MISSING:
                return default
            raise KeyError(f"Unknown {self._name} '{alias}': {error}") from error
        if target is None and default is _MISSING:
            raise KeyError(f"Unknown {self._name} '{alias}'.")
        if target is not None:
            self._check(alias, target, "does not inherit from")
        return default if target is None else target

    def __getitem__(self, alias: str) -> T:
        return self.get(alias)

    def __contains__(self, alias: object) -> bool:
        return alias in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._rows))

    def __len__(self) -> int:
        return sum(1 for _ in self._rows)

    def __repr__(self) -> str:
        return f"Registry({self._name!r}, entries={len(self)})"

    def origin(self, alias: str) -> str | None:
        """``file:line`` where the object of a name is defined, or None."""
        try:
            target: Any = self.get(alias)
            return f"{inspect.getfile(target)}:{inspect.getsourcelines(target)[1]}"
        except (KeyError, TypeError, OSError):
            return None

    def freeze(self) -> None:
        """Let nothing be registered any more."""
        self._frozen = True


def _same_code(current: Any, new: Any) -> bool:
    """Whether two objects of task files are one: the same name in the same file, or in copies of it."""
    files = [_task_file(one) for one in (current, new)]
    if None in files or getattr(current, "__qualname__", 0) != getattr(new, "__qualname__", 1):
        return False
    first, second = (Path(file) for file in files if file)
    # By content: folders of tasks are copied, with the helpers that register a metric in them.
    return first == second or (first.is_file() and first.read_bytes() == second.read_bytes())


def _task_file(target: Any) -> str | None:
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    return module.__file__ if isinstance(module, TaskModule) else None


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
    value = registry.get(name, None)
    if value is None:
        log.warning(warning, name)
    return value
