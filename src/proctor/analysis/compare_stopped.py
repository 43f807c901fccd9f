"""Comparisons with a run that stopped early: by what holds at any time (:mod:`~proctor.analysis.sequences`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from proctor.analysis.comparison import TaskComparison
from proctor.analysis.groups import GroupDifference
from proctor.analysis.paired import PairedDifference
from proctor.analysis.pairs import Pairs
from proctor.analysis.sequences import (
    ANYTIME,
    REASON,
    DifferenceSequence,
    joined_p,
    joined_sequence,
    sequential_difference,
)
from proctor.analysis.task_scores import Metric, name_of
from proctor.analysis.verdicts import Judgement, judge, judge_at_any_time
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Interval


def compare_stopped(
    task: str, runs: tuple[StoredRun, StoredRun], pairs: Pairs, metric: Metric, *, clustered: bool
) -> TaskComparison:
    """A task of which one run did not ask all documents.

    Args:
        task: Its name.
        runs: Both runs, of which at least one stopped.
        pairs: Their documents.
        metric: Metric and filter.
        clustered: Whether documents belong together.
    """
    alias, higher = runs[0].alias(task), runs[0].higher_is_better(task, metric[0])
    if not all(0 <= score <= 1 for score in (*pairs.a, *pairs.b)):
        reason = f"a run of {task} stopped early, and {name_of(metric)} is not between 0 and 1"
        return TaskComparison(task, alias, metric, higher, pairs, reason=reason)
    first, second = (run.early_stop(task) for run in runs)
    stop = first or second
    assert stop is not None
    # All documents: those of the run that asked all, or what the stopped ones say.
    asked = (len(pairs.keys) + pairs.only_a, len(pairs.keys) + pairs.only_b)
    totals = [_documents(run, task, count) for run, count in zip(runs, asked, strict=True)]
    result = sequential_difference(pairs, task, stop, min(totals), first=first is not None, clustered=clustered)
    return TaskComparison(task, alias, metric, higher, pairs, result)


def _documents(run: StoredRun, task: str, asked: int) -> int:
    size = run.section("n-samples", task).get("original")
    return size if run.early_stop(task) is not None and isinstance(size, int) else asked


def with_stopped(
    found: GroupDifference, parts: Sequence[PairedDifference]
) -> tuple[GroupDifference, DifferenceSequence | None]:
    """A group's difference where a run stopped early: with the p that holds at any time, or with none.

    Args:
        found: The difference.
        parts: Those of its tasks.

    Returns:
        The difference as it was where no run stopped; else with the sequence of all its documents, if there is one.
    """
    if not any(one.test in ANYTIME for one in parts):
        return found, None
    sequence = joined_sequence(parts)
    p = None if sequence is None else joined_p(parts, sequence)
    return replace(found, p=p, z=None, micro_stderr=None, agreement=None, reason=REASON), sequence


def judgement_of(
    interval: Interval | None, difference: float, margin: float | None, p: float | None, *, stopped: bool
) -> Judgement:
    """The verdict of a difference.

    Args:
        interval: Of the difference.
        difference: What was seen.
        margin: A difference that does not matter.
        p: The p-value, corrected.
        stopped: Whether a run stopped early.
    """
    return judge_at_any_time(interval, difference, margin, p) if stopped else judge(interval, margin, p)
