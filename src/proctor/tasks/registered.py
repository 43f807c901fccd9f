"""Names that a task's own Python registers while it is loaded (``register_filter`` and its kind).

lm-eval loads the Python of a task file with the file; here it is loaded when it is used, so what it
registers has to be fetched before names are looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proctor.filters.table import FILTERS
from proctor.metrics.tables import AGGREGATIONS, METRICS
from proctor.refs import Ref
from proctor.tasks.spec import TaskSpec


def load_registrations(spec: TaskSpec) -> None:
    """Load the task's Python if its filters or metrics have names that nobody knows yet."""
    if any(_unknown(spec)):
        for ref in refs_of(spec.raw):
            ref.resolve()


def refs_of(value: Any) -> Iterator[Ref]:
    """Every reference within a value of a task file."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from refs_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from refs_of(item)


def _unknown(spec: TaskSpec) -> Iterator[bool]:
    steps = (step for pipeline in spec.filters or () for step in pipeline["filter"])
    yield from (_names_none(step.get("function"), FILTERS) for step in steps if isinstance(step, Mapping))
    for entry in spec.metrics or ():
        # With process_results a metric's name is a key of what that returns, and needs no row.
        yield spec.process_results is None and _names_none(entry.get("metric"), METRICS)
        yield _names_none(entry.get("aggregation"), AGGREGATIONS)


def _names_none(name: Any, table: Any) -> bool:
    return isinstance(name, str) and name not in table
