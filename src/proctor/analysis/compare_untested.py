"""What two runs can be shown beside each other without a test: the scores of their results files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctor.analysis.comparison import PairComparison, ScoredGroup, TaskComparison
from proctor.analysis.contradictions import no_means
from proctor.analysis.file_intervals import group_size_of_file
from proctor.analysis.task_scores import (
    Metric,
    TaskScores,
    document_count,
    fits,
    metrics_of_documents,
    name_of,
    parse_metric,
)
from proctor.analysis.wording import named
from proctor.plurals import counted
from proctor.results.stored_run import StoredRun

Wanted = tuple[str, str | None] | None


def without_test(
    task: str,
    runs: tuple[StoredRun, StoredRun],
    wanted: Wanted,
    reason: str,
    no_samples: tuple[bool, bool] = (False, False),
) -> TaskComparison:
    """What the results files have of a task, where there are no documents to pair.

    Args:
        task: Its name.
        runs: Both runs.
        wanted: The metric that was named.
        reason: Why there is no test.
        no_samples: Of each run, whether that is because it has no samples of the task.
    """
    first, second = (run.scores(task) for run in runs)
    metric = _common(runs, task, wanted)
    values = (None, None) if metric is None else (first[metric], second[metric])
    higher = metric is None or runs[0].higher_is_better(task, metric[0])
    counts = {document_count(run, task) for run in runs}
    n = counts.pop() if len(counts) == 1 else None
    return TaskComparison(task, runs[0].alias(task), metric, higher, scores=values, reason=reason,
                          no_samples=no_samples, n_of_files=n)  # fmt: skip


def without_samples(
    task: str, runs: tuple[StoredRun, StoredRun], wanted: Wanted, no_samples: tuple[bool, bool]
) -> TaskComparison:
    """A task of which one run, or both, have no samples.

    Args:
        task: Its name.
        runs: Both runs.
        wanted: The metric that was named.
        no_samples: Of each run, whether it has none.
    """
    which = "neither run has" if all(no_samples) else f"the {'first' if no_samples[0] else 'second'} run has no"
    reason = f"{which} samples of {task} (--log_samples writes them)"
    return without_test(task, runs, wanted, reason, no_samples)


def scored_group(name: str, runs: tuple[StoredRun, StoredRun], wanted: Wanted) -> ScoredGroup | None:
    """A group as the results files have it; None where they have no score in common.

    Args:
        name: Its name.
        runs: Both runs.
        wanted: The metric that was named.
    """
    metric = _common(runs, name, wanted)
    if metric is None:
        return None
    counts = {group_size_of_file(run, name, metric) for run in runs}
    a, b = (run.scores(name)[metric] for run in runs)
    return ScoredGroup(name, runs[0].alias(name), metric, counts.pop() if len(counts) == 1 else None, a, b)


def no_metric(
    runs: tuple[StoredRun, StoredRun],
    read: tuple[TaskScores, TaskScores],
    common: Sequence[Metric],
    wanted: str | None,
) -> str:
    """Why a task whose samples are there has no metric that can be compared.

    Args:
        runs: Both runs.
        read: The task in both.
        common: The metrics that both have of each document.
        wanted: The metric that was named.
    """
    task = read[0].task
    if wanted is not None:
        if all(any(fits(one, parse_metric(wanted)) for one in run.scores(task)) for run in runs):
            return f"the samples of {task} have no values of {wanted!r} by document"
        return f"{task} has no metric {wanted!r} in both runs (there: {', '.join(map(name_of, common)) or 'none'})"
    for run, scores in zip(runs, read, strict=True):
        if next(metrics_of_documents(run, scores), None) is None:
            return no_means(run, scores)
    return f"the runs have no score of {task} in common that is a mean of its documents' scores"


def untested_notes(pair: PairComparison, a: str = "A", b: str = "B") -> Iterator[str]:
    """Why tasks have no test: what they have in common is one sentence.

    Args:
        pair: Two runs.
        a: What the first one is called.
        b: What the second one is called.
    """
    untested = [one for one in pair.tasks if one.result is None]
    for which, lacking in (
        (f"{a} has", (True, False)),
        (f"{b} has", (False, True)),
        (f"{a} and {b} have", (True, True)),
    ):
        tasks = [one.task for one in untested if one.no_samples == lacking]
        if tasks and len(tasks) == len(pair.tasks):
            yield f"{which} no samples, so that there are only scores and no tests (--log_samples writes samples)."
        elif tasks:
            yield f"No test: {which} no samples of {named(tasks)} (--log_samples writes them)."
    others = [one for one in untested if not any(one.no_samples)]
    for one in others[:5]:
        yield f"No test: {one.reason}."
    if len(others) > 5:
        yield f"No test of {counted(len(others) - 5, 'more task')}."
    for group in pair.groups:
        if group.lacking:
            yield f"{group.alias}: the difference is without {named(group.lacking)}."


def _common(runs: tuple[StoredRun, StoredRun], name: str, wanted: Wanted) -> Metric | None:
    first, second = (run.scores(name) for run in runs)
    return next((one for one in first if one in second and fits(one, wanted)), None)
