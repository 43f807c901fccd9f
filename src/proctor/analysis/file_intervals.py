"""A group's score from its results file alone: of which documents it is, and the interval that they would give."""

# The same rule as where documents are there (:mod:`~proctor.analysis.audit_intervals`): the error of a mean over
# documents follows from those of its tasks, ``sqrt(sum (n_t / N)^2 SE_t^2)``, and of shares the interval is Wilson's on
# the number of documents that has this error. All of that stands in a results file, so that a list of runs and a report
# of one of them say the same. A score that is no mean over documents (of tasks, say) has the file's own error.
#
# A group's score is that of the tasks that have its metric: with acc, a task of texts counts nothing.

from __future__ import annotations

import math

from proctor.analysis.groups import GroupMean, group_mean
from proctor.analysis.task_scores import Metric, document_count
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Interval, normal_interval, wilson_interval

_TOLERANCE = 1e-6


def is_share(score: float, n: int) -> bool:
    """Whether a score can be the share of right ones among n documents.

    Args:
        score: The score.
        n: The number of documents.
    """
    return 0 <= score <= 1 and abs(score * n - round(score * n)) < _TOLERANCE * n


def tasks_with_metric(run: StoredRun, name: str, metric: Metric) -> tuple[str, ...]:
    """The tasks that a group's score is of: those whose results have its metric.

    Args:
        run: The run.
        name: The group.
        metric: Metric and filter.
    """
    return tuple(task for task in run.leaves(name) if metric in run.scores(task))


def group_size_of_file(run: StoredRun, name: str, metric: Metric) -> int | None:
    """How many documents a group's score is of; None where the file does not say.

    Args:
        run: The run.
        name: The group.
        metric: Metric and filter.
    """
    sizes = [document_count(run, task) for task in tasks_with_metric(run, name, metric)]
    known = [size for size in sizes if size is not None]
    return sum(known) if sizes and len(known) == len(sizes) else None


def group_mean_of_file(run: StoredRun, name: str, metric: Metric) -> GroupMean | None:
    """The mean of a group as its tasks' scores give it.

    Args:
        run: The run.
        name: The group.
        metric: Metric and filter.

    Returns:
        None where a number of documents is not known, or the group's score is another mean.
    """
    if group_size_of_file(run, name, metric) is None:
        return None
    tasks = tasks_with_metric(run, name, metric)
    mean = group_mean(
        [document_count(run, task) or 0 for task in tasks],
        [run.scores(task)[metric] for task in tasks],
        [run.stderrs(task).get(metric) for task in tasks],
    )
    return mean if abs(mean.micro - run.scores(name).get(metric, math.inf)) <= _TOLERANCE else None


def group_interval_of_file(run: StoredRun, name: str, metric: Metric) -> Interval | None:
    """The interval of a group's score at 95 %.

    Args:
        run: The run.
        name: The group.
        metric: Metric and filter.

    Returns:
        None where it does not follow from the group's tasks.
    """
    mean = group_mean_of_file(run, name, metric)
    if mean is None or mean.micro_stderr is None:
        return None
    parts = [
        (document_count(run, task) or 0, run.scores(task)[metric]) for task in tasks_with_metric(run, name, metric)
    ]
    if not all(is_share(score, size) for size, score in parts):
        return normal_interval(mean.micro, mean.micro_stderr) if mean.micro_stderr else None
    if not mean.micro_stderr:
        return wilson_interval(sum(round(score * size) for size, score in parts), sum(size for size, _ in parts))
    effective = mean.micro * (1 - mean.micro) / mean.micro_stderr**2
    return wilson_interval(mean.micro * effective, effective)
