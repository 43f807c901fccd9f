"""Scores of an audited run without the documents that somebody excludes, beside those with them."""

# As of a run with --exclude: the score that is there stays as it is, and ``acc_clean`` is the mean of the other
# documents, with an interval of the same kind. Chance, positions and confidence are those of all documents.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from proctor.analysis.audit_intervals import group_interval, interval_of, stopped_score
from proctor.analysis.groups import group_mean
from proctor.analysis.intervals import clustered_mean
from proctor.analysis.run_audit import CLEAN, AuditOptions, ScoreAudit
from proctor.analysis.task_scores import Metric, TaskScores
from proctor.results.exclusions import Exclusions
from proctor.results.stored_run import Identity, StoredRun
from proctor.stats.standard_errors import mean_stderr


def excluded_documents(exclusions: Exclusions | None, scores: TaskScores) -> frozenset[Identity]:
    """The documents of a task that are excluded.

    Args:
        exclusions: What somebody excludes; None: nothing.
        scores: The task.
    """
    hashes = frozenset[str]() if exclusions is None else exclusions.hashes.get(scores.task, frozenset())
    return frozenset(key for key in scores.documents if key[0] in hashes)


def clean_score(
    run: StoredRun,
    scores: TaskScores,
    metric: Metric,
    excluded: frozenset[Identity],
    options: AuditOptions,
    *,
    clustered: bool,
) -> ScoreAudit | None:
    """A score of a task without excluded documents.

    Args:
        run: The run.
        scores: The task.
        metric: Metric and filter.
        excluded: The documents that are excluded.
        options: What is asked for.
        clustered: Whether documents belong together.

    Returns:
        None where no document of the score is excluded, or all are.
    """
    column = scores.scores[metric]
    left = {key: value for key, value in column.items() if key not in excluded}
    if not left or len(left) == len(column):
        return None
    values, name = list(left.values()), (f"{metric[0]}{CLEAN}", metric[1])
    score = ScoreAudit(name, math.fsum(values) / len(values), len(values), None, None)
    if run.early_stop(scores.task) is not None:
        return stopped_score(run, scores.task, score)
    if clustered:
        found = clustered_mean(values, [scores.documents[key].cluster for key in left])
        return replace(score, interval=found.interval, method="clustered", clusters=found, reason=found.reason)
    interval, method = interval_of(values, options.interval)
    reason = None if interval else "all scores are equal: their spread is unknown"
    return replace(score, interval=interval, method=method, reason=reason)


def clean_group_score(
    metric: Metric, parts: Sequence[tuple[Sequence[float], ScoreAudit]], options: AuditOptions
) -> ScoreAudit:
    """The score of a group without excluded documents.

    Args:
        metric: Metric and filter of the group's score.
        parts: Of each task with documents left, their scores, and the task's own clean score, or that of all of them.
        options: What is asked for.
    """
    stderrs = [one.clusters.stderr if one.clusters else mean_stderr(values) for values, one in parts]
    mean = group_mean([len(values) for values, _ in parts], [one.score for _, one in parts], stderrs)
    values = [value for part, _ in parts for value in part]
    interval, method = group_interval(values, mean, options)
    name, reason = (f"{metric[0]}{CLEAN}", metric[1]), None if interval else mean.reason
    return ScoreAudit(name, mean.micro, len(values), interval, method, reason=reason)
