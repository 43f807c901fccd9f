"""Which interval a score of an audit has: of independent documents, of a group, of a run that stopped early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from proctor.analysis.groups import GroupMean
from proctor.analysis.intervals import ShareMethod, mean_interval, share_interval
from proctor.analysis.run_audit import STOPPED, AuditOptions, IntervalMethod, ScoreAudit
from proctor.analysis.statistic import is_binary
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Interval, normal_interval, wilson_interval


def interval_of(values: Sequence[float], method: ShareMethod = "wilson") -> tuple[Interval | None, IntervalMethod]:
    """The interval of a mean of independent values at 95 %, and what kind it is.

    Args:
        values: At least one number.
        method: Of shares.
    """
    if is_binary(values):
        return share_interval(int(sum(values)), len(values), method=method), method
    return mean_interval(values), "t"


def stopped_score(run: StoredRun, name: str, score: ScoreAudit) -> ScoreAudit:
    """A score of a run that stopped early with the interval of its sequence: another one would be of a fixed n.

    Args:
        run: The run.
        name: The task or group.
        score: Its score.
    """
    interval = run.sequence_interval(name, score.metric)
    reason = None if interval else STOPPED
    method: IntervalMethod | None = "sequence" if interval else None
    return replace(score, interval=interval, method=method, clusters=None, reason=reason)


def group_interval(
    values: Sequence[float], mean: GroupMean, options: AuditOptions
) -> tuple[Interval | None, IntervalMethod | None]:
    """From the standard errors of its tasks; of shares Wilson's, on the number of documents that has this error.

    Args:
        values: The scores of all documents of a group.
        mean: The group's mean, with the error that follows from its tasks.
        options: What is asked for.
    """
    if not mean.micro_stderr:
        return interval_of(values, options.interval) if is_binary(values) else (None, None)
    if not is_binary(values):
        return normal_interval(mean.micro, mean.micro_stderr), "groups"
    effective = mean.micro * (1 - mean.micro) / mean.micro_stderr**2
    return wilson_interval(mean.micro * effective, effective), "groups"
