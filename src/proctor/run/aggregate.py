"""From values by document to the scores of tasks, and from tasks to those of groups (lm-eval's formulas)."""

# Tasks, then groups
# ------------------
#   columns by (metric, filter) -> aggregate -> Value(value, stderr, n, method, interval)
#   group, weighted by size:   sum(value_i n_i) / sum(n_i)   pooled standard error
#   group, not weighted:       sum(value_i) / k              sqrt(sum(stderr_i^2)) / k
#
# A group takes all tasks below it, at whatever depth, and not the scores of its subgroups (lm-eval): so a task that two
# subgroups share counts twice. A member without the metric is left out of that score, with a warning. A metric that
# cannot be aggregated takes none of the others along.

from __future__ import annotations

import logging
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proctor.metrics.aggregate import aggregate
from proctor.metrics.base import MetricUse
from proctor.metrics.metric_list import use_metric
from proctor.plurals import counted
from proctor.records import DocumentError, UngradedDocuments
from proctor.run.added_scores import CLEAN, combined_clusters, with_added
from proctor.run.grade import sentence
from proctor.run.sample_errors import group_errors
from proctor.run.scores import DocumentValues, Key, MetricValues, failure_report
from proctor.run.variant_scores import VARIANT_SCORES, with_variants
from proctor.run_result import ErrorMethod, GroupResult, TaskResult, Value
from proctor.stats.intervals import normal_interval
from proctor.stats.standard_errors import pooled_stderr, unweighted_stderr
from proctor.tasks.class_task import AnyTask
from proctor.tasks.groups import AggregateSpec, GroupSpec
from proctor.tasks.output_types.table import output_type_of

log = logging.getLogger("proctor")


def task_result(
    task: AnyTask, metric_values: MetricValues, *, bootstrap_iters: int, fail_fast: bool = False
) -> TaskResult:
    """Aggregate the values of one task's documents.

    Args:
        task: The task.
        metric_values: Its metrics' values by document. A metric that cannot be aggregated is noted here and left out.
        bootstrap_iters: Resamples for standard errors; 0: none.
        fail_fast: Raise the error of a metric that cannot be aggregated.

    Returns:
        The scores; ``sample_len`` is the largest number of values of a metric (lm-eval).
    """
    canonical = {key: column.canonical for key, column in metric_values.columns.items()}
    columns = {key: column for key, column in canonical.items() if len(column)}
    uses = _uses(task, {metric for metric, _ in columns})
    # lm-eval: the length of a task is that of its longest metric.
    lengths = {key: len(column) for key, column in columns.items()}
    if not _are_even([column.doc_ids for column in columns.values()]):
        log.warning("Task '%s': %s", task.spec.name, _uneven(columns))
    scores: dict[Key, Value] = {}
    for key, column in columns.items():
        try:
            scores[key] = aggregate(uses[key[0]], column.values, bootstrap_iters=bootstrap_iters)
        except Exception as error:
            if fail_fast:
                raise
            metric_values.note(DocumentError(task.spec.name, None, key[1], f"{key[0]} has no score: {sentence(error)}"))
        else:
            _note_not_finite(metric_values, key, column, scores[key].value)
    if metric_values.marks:
        scores = with_added(scores, columns, uses, metric_values.marks, bootstrap_iters)
    sample_len = max(lengths.values(), default=0)
    if not task.spec.strict:
        # lm-eval says 0 for a run that only predicts; the documents were requested all the same.
        sample_len = sample_len or metric_values.graded
    return TaskResult(
        name=task.spec.name,
        alias=task.spec.alias,
        version=task.spec.version,
        n_shot=task.spec.n_shot,
        n_original=len(task.documents),
        n_effective=sample_len,
        sample_len=sample_len,
        values=scores,
        higher_is_better=_directions(uses, scores),
        config=task.dump(),
    )


def _directions(uses: Mapping[str, MetricUse], scores: Mapping[Key, Value]) -> dict[str, bool | None]:
    known = {name: use.higher_is_better for name, use in uses.items()}
    clean = {metric: known.get(metric.removesuffix(CLEAN)) for metric, _ in scores if metric not in known}
    return known | clean


def _are_even(columns: Sequence[Sequence[int]]) -> bool:
    """Whether all have the same documents; some may stand there as a range."""
    return all(len(one) == len(columns[0]) and all(map(operator.eq, one, columns[0])) for one in columns[1:])


def _uneven(columns: Mapping[Key, DocumentValues]) -> str:
    """A sentence on metrics that have different documents, with the first that each lacks."""
    every = {doc_id: None for column in columns.values() for doc_id in column.doc_ids}
    parts = []
    for (metric, name), column in columns.items():
        there = set(column.doc_ids)
        absent = next((doc_id for doc_id in every if doc_id not in there), None)
        parts.append(f"{metric},{name}: {len(column)}" + ("" if absent is None else f", not document {absent}"))
    return f"its metrics do not have the same documents ({'; '.join(parts)})."


def _note_not_finite(metric_values: MetricValues, key: Key, column: DocumentValues, score: Any) -> None:
    """Note a score that is NaN or infinite: it compares with no other, and comes of a metric that failed.

    Where the model itself gave NaN, that is reported already; a perplexity may well be beyond all numbers.
    """
    if score is None:
        metric_values.note(
            DocumentError(metric_values.name, None, key[1], f"{key[0]} has no score: its aggregation returned None.")
        )
        return
    if not isinstance(score, float) or math.isfinite(score) or metric_values.not_a_number:
        return
    bad = column.where(lambda value: isinstance(value, float) and not math.isfinite(value))
    # Perplexities of finite log-likelihoods may be beyond a double: that is a score, if a useless one.
    if math.isinf(score) and not bad:
        return
    cause = "its aggregation gave that"
    if bad:
        cause = f"so are {len(bad)} of the {len(column)} values it is made of (first: document {bad[0]})"
    metric_values.note(DocumentError(metric_values.name, None, key[1], f"{key[0]} is {_spelled(score)}: {cause}."))


def _spelled(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"


def _uses(task: AnyTask, names: set[str]) -> dict[str, MetricUse]:
    """Metric uses by name; a name that only ``process_results`` knows is averaged (lm-eval)."""
    uses = {use.name: use for use in task.uses} | dict(task.derived)
    for name in sorted(names - set(uses)):
        log.warning("Task '%s': the metric %s has no aggregation; its mean is taken.", task.spec.name, name)
        plain = {"metric": name, "aggregation": "mean", "higher_is_better": True}
        uses[name] = use_metric(plain, output=output_type_of(task.spec).measured, with_process_results=True)
    return uses


def group_results(
    groups: Sequence[GroupSpec], leaves: Mapping[str, Sequence[str]], tasks: Mapping[str, TaskResult]
) -> tuple[GroupResult, ...]:
    """Aggregate groups, children first. ``leaves``: all tasks under a group, with repetitions (lm-eval)."""
    shots: dict[str, int | None] = {name: task.n_shot for name, task in tasks.items()}
    better: dict[str, Mapping[str, bool | None]] = {name: task.higher_is_better for name, task in tasks.items()}
    # lm-eval: parents learn of shots and directions before their subgroups have them, so a group
    # of groups has neither.
    for group in reversed(groups):
        known = {shots[child] for child in group.members if shots.get(child) is not None}
        shots[group.name] = known.pop() if len(known) == 1 else None
        better[group.name] = _merge_directions([better.get(child, {}) for child in group.members])
    results = []
    for group in groups:
        members = [tasks[name] for name in leaves[group.name] if name in tasks]
        results.append(_group_result(group, members, shots[group.name], better[group.name]))
    return tuple(results)


def _merge_directions(children: Sequence[Mapping[str, bool | None]]) -> Mapping[str, bool | None]:
    merged: dict[str, bool | None] = {}
    for child in children:
        for metric, direction in child.items():
            merged[metric] = direction if merged.get(metric, direction) == direction else None
    return merged


def _group_result(
    group: GroupSpec, members: Sequence[TaskResult], n_shot: int | None, better: Mapping[str, bool | None]
) -> GroupResult:
    values: dict[Key, Value] = {}
    counts: dict[Key, int] = {}
    absent: set[tuple[str, ...]] = set()
    for entry in _with_clean(with_variants(group.aggregates)):
        added = is_added(entry.metric)
        for name in entry.filters if entry.filters is not None else _filters_of(entry.metric, members):
            having = [task for task in members if (entry.metric, name) in task.values]
            if added and not having:
                continue
            lacking = (name, *(task.name for task in members if task not in having))
            # Scores over orders, and those of formulations, are missing together.
            if len(having) < len(members) and not (added and lacking in absent):
                absent |= {lacking} if added else set()
                _log_absent(group, entry.metric, name, members, having)
            if having:
                values[entry.metric, name] = _combine(entry, name, having)
                counts[entry.metric, name] = sum(_documents(task, entry.metric, name) for task in having)
    return GroupResult(
        name=group.name,
        alias=group.alias,
        version=group.version,
        children=group.members,
        values=values,
        sample_len=sum(task.sample_len for task in members) if group.aggregates else None,
        sample_count=counts,
        higher_is_better=better,
        n_shot=n_shot,
    )


def is_added(metric: str) -> bool:
    """Whether a group has a metric beside those that its file names, and of as many documents as each task's mean.

    Args:
        metric: The metric.
    """
    return metric in VARIANT_SCORES or metric.endswith(CLEAN)


def _with_clean(entries: Sequence[AggregateSpec]) -> list[AggregateSpec]:
    """What a group aggregates, and the same without excluded documents."""
    named = {entry.metric for entry in entries}
    clean = [replace(entry, metric=entry.metric + CLEAN) for entry in entries]
    return [*entries, *(entry for entry in clean if entry.metric not in named)]


def _filters_of(metric: str, members: Sequence[TaskResult]) -> list[str]:
    return sorted({name for task in members for measured, name in task.values if measured == metric})


def _log_absent(
    group: GroupSpec, metric: str, name: str, members: Sequence[TaskResult], having: Sequence[TaskResult]
) -> None:
    lacking = [task for task in members if task not in having]
    absent = [task.name for task in lacking]
    # A task whose own list has other metrics is left out on purpose. Scores beside the listed ones are in no list, and
    # the scores that a script aggregates come without one.
    others = all(task.higher_is_better and metric not in task.higher_is_better for task in lacking)
    meant = having and not is_added(metric) and others
    log.log(
        logging.INFO if meant else logging.WARNING,
        "Group '%s': %s,%s is missing in %d of %s, which %s left out of it (%s%s).",
        group.name, metric, name, len(absent), counted(len(members), "task"), "is" if len(absent) == 1 else "are",
        ", ".join(absent[:3]), ", ..." if len(absent) > 3 else "",
    )  # fmt: skip


def _combine(entry: AggregateSpec, name: str, having: Sequence[TaskResult]) -> Value:
    """Size-weighted or plain mean, with lm-eval's pooled or unweighted standard error."""
    cells = [task.values[entry.metric, name] for task in having]
    sizes = [_documents(task, entry.metric, name) for task in having]
    weights = sizes if entry.weight_by_size else [1] * len(cells)
    total = sum(weights)
    value = sum(cell.value * weight for cell, weight in zip(cells, weights, strict=True)) / total if total else 0.0
    errors = [cell.stderr for cell in cells]
    stderr = pooled_stderr(errors, sizes) if entry.weight_by_size else unweighted_stderr(errors)
    n = _total([cell.n for cell in cells])
    if stderr is None:
        return Value(value, n=n)
    method: ErrorMethod = "pooled" if entry.weight_by_size else "unweighted"
    errors, clustered = group_errors(cells, weights), combined_clusters(cells, weights, value)
    return Value(value, stderr, n, method, normal_interval(value, stderr), errors, clustered)


def _documents(task: TaskResult, metric: str, name: str) -> int:
    """How many documents a task's score is of, which is what the task weighs.

    Documents whose options cannot move have no score in several orders, and excluded ones no clean score.
    """
    n = task.values[metric, name].n
    return n if is_added(metric) and n else task.sample_len


def _total(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def task_results(
    tasks: Sequence[AnyTask], values_by_task: Mapping[str, MetricValues], bootstrap_iters: int, *, fail_fast: bool
) -> tuple[list[TaskResult], tuple[UngradedDocuments, ...]]:
    """The results of all tasks, and what could not be graded, which is said in the log.

    Args:
        tasks: The tasks.
        values_by_task: Their metrics by document.
        bootstrap_iters: Resamples of a bootstrap; 0: no standard errors.
        fail_fast: Whether a metric that cannot be aggregated ends the run.
    """
    results = [
        task_result(task, values_by_task[task.spec.name], bootstrap_iters=bootstrap_iters, fail_fast=fail_fast)
        for task in tasks
    ]
    failed = tuple(one.failed for one in values_by_task.values() if one.failed is not None)
    for one in failed:
        log.error(failure_report(one))
    return results, failed
