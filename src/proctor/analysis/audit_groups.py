"""Groups of an audited run: the documents of their tasks together, and what their tasks' errors come to."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from proctor.analysis.audit_choices import audit_choices
from proctor.analysis.audit_clean import clean_group_score
from proctor.analysis.audit_intervals import group_interval, stopped_score
from proctor.analysis.audit_stopped import any_stopped, without_fixed_tests
from proctor.analysis.by_column import Cells, scores_by, stopped_scores_by
from proctor.analysis.choice_columns import Choices, joined_choices
from proctor.analysis.file_intervals import (
    group_interval_of_file,
    group_mean_of_file,
    group_size_of_file,
    tasks_with_metric,
)
from proctor.analysis.groups import group_mean
from proctor.analysis.power import detectable_effect, discordance_variance
from proctor.analysis.run_audit import AuditOptions, GroupAudit, ScoreAudit, TaskAudit
from proctor.analysis.statistic import is_binary
from proctor.analysis.task_scores import Metric, fits, parse_metric
from proctor.errors import UsageError
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import normal_interval, wilson_interval
from proctor.stats.standard_errors import mean_stderr

DISCORDANCE = 0.2
"""Share of documents that only one of two models gets right, for planning: what near models show."""


@dataclass(slots=True)
class AuditedTask:
    """A task while its run is audited.

    Attributes:
        audit: What was found.
        values: The score of each document, by the audited metric.
        choices: Of multiple choice.
        by: What each document has in the column by which scores are divided; nothing where nobody asks, or it has none.
        units: What each document belongs to; itself where nothing else is known.
        left: The scores of documents that are not excluded.
        excluded_hashes: How many of the hashes to exclude its documents have.
        without_column: Why ``by`` is empty.
        without_cluster: Why there are no clusters where a column was named.
    """

    audit: TaskAudit
    values: Sequence[float] = ()
    choices: Choices | None = None
    by: Sequence[str | None] = ()
    units: Sequence[Hashable] = ()
    left: Sequence[float] = ()
    excluded_hashes: int = 0
    without_column: UsageError | None = None
    without_cluster: UsageError | None = None


def detectable(n: int, binary: bool) -> float | None:
    """The difference to another model that documents of 0/1 scores would show.

    Args:
        n: How many documents.
        binary: Whether scores are 0 or 1.

    Returns:
        None of other scores, and of so few documents that no difference would be found.
    """
    if not binary or not n:
        return None
    effect = detectable_effect(discordance_variance(DISCORDANCE), n)
    return effect if effect <= 1 else None


def audited_groups(run: StoredRun, read: Mapping[str, AuditedTask], options: AuditOptions) -> Iterator[GroupAudit]:
    """The groups of a run of which at least two tasks have a common metric.

    Where tasks were chosen, groups that are chosen whole: a mean of some subjects is not the score of the exam. Where
    the documents of a task are not there, the group has the score of its results file, for the same reason.

    Args:
        run: The run.
        read: Its tasks, by name.
        options: What is asked for.
    """
    known = set(run.tasks)
    for name in run.groups:
        if options.tasks and known & set(run.leaves(name)) - set(read):
            continue
        members = [(read[task], main) for task in run.leaves(name) if task in read and (main := read[task].audit.main)]
        members = [(one, main) for one, main in members if one.values]
        own = [metric for metric in run.scores(name) if any(main.metric == metric for _, main in members)]
        metric = own[0] if own else members[0][1].metric if members else None
        chosen = [one for one, main in members if main.metric == metric]
        there = {one.audit.task for one in chosen}
        if metric is not None and len(chosen) > 1 and there >= set(tasks_with_metric(run, name, metric)):
            yield _group(run, name, metric, chosen, options)
        elif (by_file := _group_of_file(run, name, read, options)) is not None:
            yield by_file


def _group_of_file(
    run: StoredRun, name: str, read: Mapping[str, AuditedTask], options: AuditOptions
) -> GroupAudit | None:
    """The score of a group whose documents cannot be put together; None where its results file has none."""
    wanted, leaves = parse_metric(options.metric), [task for task in run.leaves(name) if task in read]
    metric = next((one for one in run.scores(name) if fits(one, wanted)), None)
    if metric is None or not leaves:
        return None
    n = group_size_of_file(run, name, metric)
    score = score_of_file(metric, run.scores(name)[metric], run.stderrs(name).get(metric), n)
    interval = group_interval_of_file(run, name, metric)
    if any_stopped(run, name, leaves):
        score = stopped_score(run, name, score)
    elif interval is not None:
        score = replace(score, interval=interval, method="groups", reason=None)
    tasks = tasks_with_metric(run, name, metric)
    lacking = tuple(task for task in tasks if task in read and read[task].audit.reason)
    mean = group_mean_of_file(run, name, metric)
    return GroupAudit(name, run.alias(name), tasks, score, mean, None, None, lacking=lacking)


def _group(
    run: StoredRun, name: str, metric: Metric, chosen: Sequence[AuditedTask], options: AuditOptions
) -> GroupAudit:
    values = [value for one in chosen for value in one.values]
    sizes = [len(one.values) for one in chosen]
    stderrs = [_stderr(one) for one in chosen]
    mean = group_mean(sizes, [main.score for one in chosen if (main := one.audit.main)], stderrs)
    interval, method = group_interval(values, mean, options)
    score = ScoreAudit(metric, mean.micro, len(values), interval, method, run.stderrs(name).get(metric), None,
                       None if interval else mean.reason)  # fmt: skip
    stopped = any_stopped(run, name, [one.audit.task for one in chosen])
    if stopped:
        score = stopped_score(run, name, score)
    joined = joined_choices(one.choices for one in chosen if one.choices)
    choices = audit_choices(joined, name, options.seed, scaled=options.details) if joined else None
    return GroupAudit(
        name,
        run.alias(name),
        tuple(one.audit.task for one in chosen),
        score,
        mean,
        without_fixed_tests(choices) if choices and stopped else choices,
        None if stopped else detectable(len(values), is_binary(values)),
        _group_cells(chosen, options, stopped=stopped),
        _clean(run, name, metric, chosen, options, stopped=stopped),
    )


def _clean(
    run: StoredRun, name: str, metric: Metric, chosen: Sequence[AuditedTask], options: AuditOptions, *, stopped: bool
) -> ScoreAudit | None:
    if not any(one.audit.main_clean for one in chosen):
        return None
    parts = [(one.left, score) for one in chosen if one.left and (score := one.audit.main_clean or one.audit.main)]
    found = clean_group_score(metric, parts, options)
    return stopped_score(run, name, found) if stopped else found


def _group_cells(chosen: Sequence[AuditedTask], options: AuditOptions, *, stopped: bool) -> Cells | None:
    having = [one for one in chosen if one.by]
    if not having or options.by is None:
        return None
    values = [value for one in having for value in one.values]
    names, units = [name for one in having for name in one.by], [unit for one in having for unit in one.units]
    if stopped:
        return stopped_scores_by(options.by, values, names)
    clustered = any(one.audit.cluster for one in having)
    return scores_by(options.by, values, names, options.interval, units if clustered else None)


def _stderr(one: AuditedTask) -> float | None:
    main = one.audit.main
    return main.clusters.stderr if main and main.clusters else mean_stderr(one.values)


def score_of_file(metric: Metric, score: float, stderr: float | None, n: int | None) -> ScoreAudit:
    """A score as its results file has it.

    A share is recognized by its standard error: only of 0/1 values it is ``sqrt(p (1 - p) / (n - 1))``.

    Args:
        metric: Metric and filter.
        score: The score.
        stderr: Its standard error; None: the file has none.
        n: Its documents; None: not known.
    """
    if stderr is None:
        return ScoreAudit(metric, score, n, None, None, None, None, "the results file has no standard error of it")
    if n and n > 1 and 0 <= score <= 1 and math.isclose(stderr**2 * (n - 1), score * (1 - score), abs_tol=1e-9):
        return ScoreAudit(metric, score, n, wilson_interval(score * n, n), "wilson", stderr)
    interval = normal_interval(score, stderr)
    reason = None if interval else "its standard error is 0: all scores are equal, and their spread is unknown"
    return ScoreAudit(metric, score, n, interval, "stderr" if interval else None, stderr, None, reason)
