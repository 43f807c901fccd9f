"""Two runs on a group of tasks: what follows from the differences of its tasks."""

from __future__ import annotations

from collections.abc import Sequence

from proctor.analysis.compare_stopped import judgement_of, with_stopped
from proctor.analysis.comparison import (
    CompareOptions,
    GroupComparison,
    TaskComparison,
)
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.groups import group_difference, group_mean
from proctor.analysis.paired import Counts, Estimate, PairedDifference, bonett_price
from proctor.analysis.power import detectable_effect
from proctor.analysis.sequences import REASON
from proctor.analysis.verdicts import directed
from proctor.results.stored_run import StoredRun


def compare_group(
    name: str, run: StoredRun, tasks: Sequence[TaskComparison], options: CompareOptions
) -> GroupComparison | None:
    """A group of at least two tasks that were compared by one metric; its own metric before others.

    Args:
        name: Its name.
        run: The first run, which says what is in it.
        tasks: The tasks that were compared.
        options: What is asked for.

    Returns:
        None of fewer tasks.
    """
    inside = set(run.leaves(name))
    members = [one for one in tasks if one.task in inside]
    # A perplexity of a group is no mean of those of its tasks.
    tested = [one for one in members if one.result and one.metric and one.metric[0] not in STATISTICS]
    own = [metric for metric in run.scores(name) if any(one.metric == metric for one in tested)]
    metric = own[0] if own else tested[0].metric if tested else None
    chosen = [(one, one.result) for one in tested if one.metric == metric and one.result is not None]
    if metric is None or len(chosen) < 2:
        return None
    sizes = [result.n for _, result in chosen]
    parts = [one for _, one in chosen]
    result = group_difference(sizes, [one.difference for one in parts], [one.stderr for one in parts])
    result, sequence = with_stopped(result, parts)
    first, second = [one.mean_b for _, one in chosen], [one.mean_a for _, one in chosen]
    a, b = group_mean(sizes, first, [None] * len(sizes)), group_mean(sizes, second, [None] * len(sizes))
    stopped = result.reason == REASON
    estimate = None if stopped else result.estimate or _pooled(chosen)
    interval = sequence.interval() if sequence else estimate.interval() if estimate else None
    judgement = judgement_of(interval, result.micro, options.margin, result.p, stopped=stopped)
    # Where no document is discordant, that of the interval: the group would miss a small difference all the same.
    stderr = result.micro_stderr or (estimate.stderr if estimate else None)
    return GroupComparison(
        name,
        run.alias(name),
        metric,
        tuple(one.task for one, _ in chosen),
        len(members) - len(chosen),
        sum(sizes),
        *(a.micro, b.micro, a.macro, b.macro),
        result,
        estimate,
        interval,
        directed(judgement, chosen[0][0].higher_is_better),
        detectable_effect(stderr * stderr, 1) if stderr else None,
        sequence,
        tuple(one.task for one in members if one.result is None and one.metric == metric),
        _counts([one.counts for one, _ in chosen]),
    )


def _counts(parts: Sequence[Counts | None]) -> Counts | None:
    known = [one for one in parts if one is not None]
    if len(known) < len(parts):
        return None
    return Counts(*map(sum, zip(*((one.both, one.only_a, one.only_b, one.neither) for one in known), strict=True)))


def _pooled(chosen: Sequence[tuple[TaskComparison, PairedDifference]]) -> Estimate | None:
    """Of a group in which no document is discordant: that none was seen does not mean that there can be none."""
    counts = [result.counts for _, result in chosen if result.counts and result.clusters is None]
    if len(counts) < len(chosen):
        return None
    only_b, only_a = sum(one.only_a for one in counts), sum(one.only_b for one in counts)
    return bonett_price(only_b, only_a, sum(result.n for _, result in chosen))
