"""The interval of a group's score from its results file alone: the one that its documents would give."""

# The same rule as where documents are there (:mod:`~proctor.analysis.audit_intervals`): the error of a mean over
# documents follows from those of its tasks, ``sqrt(sum (n_t / N)^2 SE_t^2)``, and of shares the interval is Wilson's on
# the number of documents that has this error. All of that stands in a results file, so that a list of runs and a report
# of one of them say the same. A score that is no mean over documents (of tasks, say) has the file's own error.

from __future__ import annotations

import math

from proctor.analysis.groups import group_mean
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


def group_interval_of_file(run: StoredRun, name: str, metric: Metric) -> Interval | None:
    """The interval of a group's score at 95 %.

    Args:
        run: The run.
        name: The group.
        metric: Metric and filter.

    Returns:
        None where it does not follow from the group's tasks.
    """
    leaves = run.leaves(name)
    scores = [run.scores(task).get(metric) for task in leaves]
    sizes = [document_count(run, task) for task in leaves]
    stderrs = [run.stderrs(task).get(metric) for task in leaves]
    known = [(size, score) for size, score in zip(sizes, scores, strict=True) if size is not None and score is not None]
    if not known or len(known) < len(leaves) or not all(math.isfinite(score) for _, score in known):
        return None
    mean = group_mean([size for size, _ in known], [score for _, score in known], stderrs)
    if mean.micro_stderr is None or abs(mean.micro - run.scores(name).get(metric, math.inf)) > _TOLERANCE:
        return None
    if not all(is_share(score, size) for size, score in known):
        return normal_interval(mean.micro, mean.micro_stderr) if mean.micro_stderr else None
    total = sum(size for size, _ in known)
    if not mean.micro_stderr:
        return wilson_interval(sum(round(score * size) for size, score in known), total)
    effective = mean.micro * (1 - mean.micro) / mean.micro_stderr**2
    return wilson_interval(mean.micro * effective, effective)
