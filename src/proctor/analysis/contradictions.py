"""Where a results file and its samples do not say the same of a task, and why it has no score by documents."""

from __future__ import annotations

from collections.abc import Iterator

from proctor.analysis.task_scores import (
    Metric,
    TaskScores,
    document_count,
    has_more,
    metrics_of_documents,
    name_of,
)
from proctor.plurals import counted
from proctor.results.stored_run import StoredRun

PLAIN_MEANS = frozenset({"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match"})
"""Metrics whose score is the mean of documents in every task: where it is not, the files do not belong together."""


def contradictions(run: StoredRun, scores: TaskScores) -> Iterator[str]:
    """Where the results file has another score than the mean of the samples, or another number of documents: phrases.

    Args:
        run: The run.
        scores: One of its tasks.
    """
    count, there = document_count(run, scores.task), len(scores.documents)
    if count is not None and has_more(scores, count):
        yield (
            f"the results file counts {counted(count, 'document')} of {scores.task} and its samples more: "
            "they are left out, since a part is of another run or stands there twice"
        )
        return
    if count is not None and 0 < there < count:
        yield (
            f"the results file counts {counted(count, 'document')} of {scores.task} and its samples {there:,}: "
            "some are missing, unless --samples chose them"
        )
    for metric, reported, mean in _other_scores(run, scores):
        yield (
            f"the results file has {reported:.4f} as {name_of(metric)} of {scores.task} and its samples have "
            f"{mean:.4f}: it is left out, since they are of two runs or were edited"
        )


def _other_scores(run: StoredRun, scores: TaskScores) -> Iterator[tuple[Metric, float, float]]:
    means = set(metrics_of_documents(run, scores))
    for metric, reported in run.scores(scores.task).items():
        mean = scores.mean(metric)
        if metric[0] in PLAIN_MEANS and mean is not None and metric not in means:
            yield metric, reported, mean


def no_means(run: StoredRun, scores: TaskScores) -> str:
    """Why no score of a task is the mean of its documents': a phrase.

    Args:
        run: The run.
        scores: One of its tasks.
    """
    task, count = scores.task, document_count(run, scores.task)
    if has_more(scores, count) or next(_other_scores(run, scores), None) is not None:
        return f"the scores of {task} in the results file are not those of its samples"
    others = ", ".join(dict.fromkeys(metric for metric, _ in run.scores(task)))
    return f"the scores of {task} are statistics of all its documents, not means of theirs ({others or 'none'})"
