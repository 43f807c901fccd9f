"""A task's metrics and filters by their names; what is unknown is an error with its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor.errors import TaskError, UsageError
from proctor.filters.pipeline import Pipeline, build_pipelines
from proctor.metrics.base import MetricUse
from proctor.metrics.metric_list import use_metric
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.spec import TaskSpec


def bind_metrics(spec: TaskSpec) -> tuple[MetricUse, ...]:
    """The task's metrics with their aggregations; an unknown name is an error with its line."""
    output = output_type_of(spec)
    entries: Sequence[Any] = output.default_metrics if spec.metrics is None else spec.metrics
    uses, errors = [], []
    for index, entry in enumerate(entries):
        try:
            uses.append(
                use_metric(entry, output=output.measured, with_process_results=spec.process_results is not None)
            )
        except UsageError as error:
            errors.append(spec.error(error.message, "metric_list", index, "metric", hint=error.hint))
        except TaskError as error:
            errors.extend(error.errors)
    if errors:
        raise TaskError(errors)
    return tuple(uses)


def bind_filters(spec: TaskSpec) -> tuple[Pipeline, ...]:
    """The task's filter pipelines; an unknown filter or argument is an error with its line."""
    try:
        return build_pipelines(spec.filters)
    except UsageError as error:
        raise TaskError(spec.error(error.message, "filter_list", hint=error.hint)) from error
