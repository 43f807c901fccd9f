"""Groups of an audited run: the documents of their tasks together, and what their tasks' errors come to."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from proctor.analysis.audit_choices import audit_choices
from proctor.analysis.by_column import Cells, scores_by
from proctor.analysis.choice_columns import Choices, joined_choices
from proctor.analysis.groups import GroupMean, group_mean
from proctor.analysis.intervals import ShareMethod, mean_interval, share_interval
from proctor.analysis.power import detectable_effect, discordance_variance
from proctor.analysis.run_audit import AuditOptions, GroupAudit, IntervalMethod, ScoreAudit, TaskAudit
from proctor.analysis.statistic import is_binary
from proctor.analysis.task_scores import Metric
from proctor.errors import UsageError
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Interval, normal_interval, wilson_interval
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
        without_column: Why ``by`` is empty.
    """

    audit: TaskAudit
    values: Sequence[float] = ()
    choices: Choices | None = None
    by: Sequence[str | None] = ()
    units: Sequence[Hashable] = ()
    without_column: UsageError | None = None


def detectable(n: int, binary: bool) -> float | None:
    """The difference to another model that documents of 0/1 scores would show; None of other scores.

    Args:
        n: How many documents.
        binary: Whether scores are 0 or 1.
    """
    return detectable_effect(discordance_variance(DISCORDANCE), n) if binary and n else None


def interval_of(values: Sequence[float], method: ShareMethod = "wilson") -> tuple[Interval | None, IntervalMethod]:
    """The interval of a mean of independent values at 95 %, and what kind it is.

    Args:
        values: At least one number.
        method: Of shares.
    """
    if is_binary(values):
        return share_interval(int(sum(values)), len(values), method=method), method
    return mean_interval(values), "t"


def audited_groups(run: StoredRun, read: Mapping[str, AuditedTask], options: AuditOptions) -> Iterator[GroupAudit]:
    """The groups of a run of which at least two tasks have a common metric.

    Args:
        run: The run.
        read: Its tasks, by name.
        options: What is asked for.
    """
    for name in run.groups:
        members = [(read[task], main) for task in run.leaves(name) if task in read and (main := read[task].audit.main)]
        members = [(one, main) for one, main in members if one.values]
        own = [metric for metric in run.scores(name) if any(main.metric == metric for _, main in members)]
        metric = own[0] if own else members[0][1].metric if members else None
        chosen = [one for one, main in members if main.metric == metric]
        if metric is not None and len(chosen) > 1:
            yield _group(run, name, metric, chosen, options)


def _group(
    run: StoredRun, name: str, metric: Metric, chosen: Sequence[AuditedTask], options: AuditOptions
) -> GroupAudit:
    values = [value for one in chosen for value in one.values]
    sizes = [len(one.values) for one in chosen]
    stderrs = [_stderr(one) for one in chosen]
    mean = group_mean(sizes, [main.score for one in chosen if (main := one.audit.main)], stderrs)
    interval, method = _group_interval(values, mean, options)
    score = ScoreAudit(metric, mean.micro, len(values), interval, method, run.stderrs(name).get(metric), None,
                       None if interval else mean.reason)  # fmt: skip
    if run.early_stop(name) is not None:
        score = stopped_score(run, name, score)
    joined = joined_choices(one.choices for one in chosen if one.choices)
    return GroupAudit(
        name,
        run.alias(name),
        tuple(one.audit.task for one in chosen),
        score,
        mean,
        audit_choices(joined, name, options.seed, scaled=options.details) if joined else None,
        detectable(len(values), is_binary(values)),
        _group_cells(chosen, options),
    )


def stopped_score(run: StoredRun, name: str, score: ScoreAudit) -> ScoreAudit:
    """A score of a run that stopped early with the interval of its sequence: another one would be of a fixed n.

    Args:
        run: The run.
        name: The task or group.
        score: Its score.
    """
    interval = run.sequence_interval(name, score.metric)
    reason = None if interval else "the run stopped early, and this score has no interval that holds then"
    method: IntervalMethod | None = "sequence" if interval else None
    return replace(score, interval=interval, method=method, clusters=None, reason=reason)


def _group_cells(chosen: Sequence[AuditedTask], options: AuditOptions) -> Cells | None:
    having = [one for one in chosen if one.by]
    if not having or options.by is None:
        return None
    values = [value for one in having for value in one.values]
    names, units = [name for one in having for name in one.by], [unit for one in having for unit in one.units]
    clustered = any(one.audit.cluster for one in having)
    return scores_by(options.by, values, names, options.interval, units if clustered else None)


def _group_interval(
    values: Sequence[float], mean: GroupMean, options: AuditOptions
) -> tuple[Interval | None, IntervalMethod | None]:
    """From the standard errors of its tasks; of shares Wilson's, on the number of documents that has this error."""
    if not mean.micro_stderr:
        return interval_of(values, options.interval) if is_binary(values) else (None, None)
    if not is_binary(values):
        return normal_interval(mean.micro, mean.micro_stderr), "groups"
    effective = mean.micro * (1 - mean.micro) / mean.micro_stderr**2
    return wilson_interval(mean.micro * effective, effective), "groups"


def _stderr(one: AuditedTask) -> float | None:
    main = one.audit.main
    return main.clusters.stderr if main and main.clusters else mean_stderr(one.values)
