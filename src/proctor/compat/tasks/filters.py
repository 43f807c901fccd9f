"""``lm_eval.filters``: several filters in a row. The filters themselves are those of :mod:`proctor.filters`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from proctor.compat.tasks.instance import Instance
from proctor.compat.tasks.registry import get_filter
from proctor.filters.base import Filter as Filter
from proctor.filters.pipeline import Pipeline, Step


@dataclass
class FilterEnsemble:
    """Filters one after the other; each of ``filters`` makes one when it is called."""

    name: str
    filters: Sequence[Callable[[], Any]]

    def apply(self, instances: Sequence[Instance]) -> None:
        """Filter the responses of all instances of a task; the outcome goes under ``name`` into each."""
        steps = tuple(Step(make, label=getattr(make, "__name__", repr(make))) for make in self.filters)
        outcomes = Pipeline(self.name, steps).apply([one.resps for one in instances], [one.doc for one in instances])
        for instance, outcome in zip(instances, outcomes, strict=True):
            instance.filtered_resps[self.name] = outcome


def build_filter_ensemble(
    filter_name: str, components: Sequence[tuple[Any, Mapping[str, Any] | None]]
) -> FilterEnsemble:
    """A pipeline named ``filter_name`` of ``(filter, settings)`` pairs; a filter is a name or a class."""
    return FilterEnsemble(filter_name, [partial(get_filter(name), **(settings or {})) for name, settings in components])
