"""One run looked through: how sure its scores are, what they are worth, what they leave unsaid."""

# A task's audit: every metric that is a mean over documents gets its interval; one of them, the audited metric, is held
# against chance, baselines, positions and confidence. A group's audit is that of the documents of its tasks together:
# a position bias that no subject of MMLU shows by itself is plain in 14,042 documents.
#
# Invariant: an interval has a width wherever there is a document. Shares have Wilson's; where everything is equal and
# no interval can be given, there is none, and a reason; never "± 0".

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from proctor.analysis.audit_choices import audit_choices
from proctor.analysis.choice_columns import Choices, choices_of, joined_choices
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.draws import source_of
from proctor.analysis.groups import GroupMean, group_mean
from proctor.analysis.intervals import ShareMethod, clustered_mean, mean_interval, share_interval
from proctor.analysis.power import detectable_effect, discordance_variance
from proctor.analysis.resampling import bootstrap
from proctor.analysis.run_audit import AuditOptions, GroupAudit, IntervalMethod, RunAudit, ScoreAudit, TaskAudit
from proctor.analysis.statistic import is_binary
from proctor.analysis.task_scores import (
    Metric,
    TaskScores,
    fits,
    metrics_of_documents,
    name_of,
    parse_metric,
    read_task,
    statistics_of_documents,
)
from proctor.errors import DataError, UsageError, did_you_mean
from proctor.results.choice_view import ChoiceView, choice_view
from proctor.results.stored_run import Identity, Sample, StoredRun, number_of
from proctor.results.text_state import TextState, text_state
from proctor.stats.intervals import Interval, normal_interval, wilson_interval
from proctor.stats.standard_errors import mean_stderr

DISCORDANCE = 0.2
"""Share of documents that only one of two models gets right, for planning: what near models show."""


@dataclass(slots=True)
class _Read:
    """A task while it is audited."""

    audit: TaskAudit
    values: Sequence[float] = ()
    choices: Choices | None = None


def audit_run(run: StoredRun, options: AuditOptions | None = None) -> RunAudit:
    """Look a run through.

    Args:
        run: The run.
        options: What is asked for.

    Raises:
        UsageError: No task is as was named, or none has the metric.
    """
    options = options or AuditOptions()
    read = [_read_task(run, task, options) for task in _tasks(run, options)]
    if options.metric is not None and not any(one.audit.scores for one in read):
        known = dict.fromkeys(name_of(metric) for task in run.tasks for metric in run.scores(task))
        hint = did_you_mean(options.metric, known) or f"There are {', '.join(known) or 'none'}."
        raise UsageError(f"No task of this run has the metric {options.metric!r}.", hint=hint)
    groups = tuple(_groups(run, {one.audit.task: one for one in read}, options))
    # A group of one kind of choices is looked at as a whole: of its tasks, confidence says little on few documents.
    whole = {task for group in groups if group.choices and not _is_mixed(group, read) for task in group.tasks}
    tasks = (_with_choices(one, options, alone=one.audit.task not in whole) for one in read)
    return RunAudit(run, tuple(tasks), groups, options)


def _is_mixed(group: GroupAudit, read: Sequence[_Read]) -> bool:
    return len({one.choices.by_label for one in read if one.audit.task in group.tasks and one.choices}) > 1


def _with_choices(one: _Read, options: AuditOptions, *, alone: bool) -> TaskAudit:
    if one.choices is None:
        return one.audit
    confidence = alone or options.details
    found = audit_choices(one.choices, one.audit.task, options.seed, confidence=confidence, scaled=options.details)
    return replace(one.audit, choices=found)


def _tasks(run: StoredRun, options: AuditOptions) -> Sequence[str]:
    if not options.tasks:
        return run.tasks
    chosen = set[str]()
    for pattern in options.tasks:
        found = {task for task in run.tasks if fnmatchcase(task, pattern)}
        found |= {task for name in run.groups if fnmatchcase(name, pattern) for task in run.leaves(name)}
        if not found:
            close = did_you_mean(pattern, [*run.tasks, *run.groups])
            raise UsageError(f"The run has no task or group {pattern!r}.", hint=close)
        chosen |= found
    return [task for task in run.tasks if task in chosen]


def _read_task(run: StoredRun, task: str, options: AuditOptions) -> _Read:
    config, texts = run.config(task), Counter[tuple[str, TextState]]()
    views: dict[Identity, ChoiceView] = {}
    think_end = _think_end(run)

    def visit(sample: Sample) -> None:
        state = text_state(sample, think_end)
        if state is not None:
            texts[sample.filter, state] += 1
        elif sample.identity not in views and (view := choice_view(sample, config)) is not None:
            views[sample.identity] = view

    try:
        scores = read_task(run, task, cluster=options.cluster, visit=visit)
    except DataError as error:
        return _Read(_by_file(run, task, options, error.message))
    if not scores.documents:
        return _Read(_by_file(run, task, options, f"{task} has no samples (--log_samples writes them)"))
    wanted = parse_metric(options.metric)
    metrics = [metric for metric in metrics_of_documents(run, scores) if fits(metric, wanted)]
    others = [metric for metric in statistics_of_documents(run, scores) if fits(metric, wanted)]
    perplexities = tuple(_perplexity(run, scores, metric, options) for metric in others)
    if not metrics and perplexities:
        return _Read(TaskAudit(task, run.alias(task), perplexities, unscored=scores.unscored))
    if not metrics:
        return _Read(_by_file(run, task, options, _no_means(run, task, options)))
    main, values = metrics[0], list(scores.scores[metrics[0]].values())
    choices = choices_of(main, scores, views)
    audit = TaskAudit(
        task,
        run.alias(task),
        (*(_score(run, scores, metric, options) for metric in metrics), *perplexities),
        {state: count for (name, state), count in texts.items() if name == main[1]},
        _truncated(run, task),
        scores.unscored,
        scores.not_finite.get(main, 0),
        detectable=_detectable(len(values), is_binary(values)),
    )
    return _Read(audit, values, choices)


def _no_means(run: StoredRun, task: str, options: AuditOptions) -> str:
    if options.metric is not None:
        return f"{task} has no metric {options.metric!r} that is a mean over documents"
    others = ", ".join(dict.fromkeys(metric for metric, _ in run.scores(task)))
    return f"the scores of {task} are statistics of all its documents, not means of theirs ({others or 'none'})"


def _think_end(run: StoredRun) -> str | None:
    token = run.section("config", "model_args").get("think_end_token")
    return token if isinstance(token, str) else None


def _truncated(run: StoredRun, task: str) -> int | None:
    """Texts that ended by their length: proctor's files say so, task by task."""
    facts = run.section("proctor", "texts")
    rows = facts.get("at_length")
    if not isinstance(rows, list):
        return None if not facts else 0
    counts = [number_of(one.get("texts")) for one in rows if isinstance(one, dict) and one.get("task") == task]
    return sum(int(count) for count in counts if count is not None and math.isfinite(count))


def _detectable(n: int, binary: bool) -> float | None:
    return detectable_effect(discordance_variance(DISCORDANCE), n) if binary and n else None


def _score(run: StoredRun, scores: TaskScores, metric: Metric, options: AuditOptions) -> ScoreAudit:
    column = scores.scores[metric]
    values = list(column.values())
    mean, reported = math.fsum(values) / len(values), run.stderrs(scores.task).get(metric)
    if options.cluster is not None:
        clusters: list[Hashable] = [scores.documents[key].cluster for key in column]
        found = clustered_mean(values, clusters)
        return ScoreAudit(metric, mean, len(values), found.interval, "clustered", reported, found, found.reason)
    interval, method = interval_of(values, options.interval)
    reason = None if interval else "all scores are equal: their spread is unknown"
    return ScoreAudit(metric, mean, len(values), interval, method, reported, None, reason)


def _perplexity(run: StoredRun, scores: TaskScores, metric: Metric, options: AuditOptions) -> ScoreAudit:
    """Of a perplexity the interval of resampled documents."""
    rows, statistic = list(scores.rows[metric].values()), STATISTICS[metric[0]]
    source = source_of(options.seed, scores.task, name_of(metric), "bootstrap")
    found = bootstrap(rows, statistic, source=source)
    reported = run.stderrs(scores.task).get(metric)
    method = "bootstrap" if found.interval else None
    return ScoreAudit(metric, statistic(rows), len(rows), found.interval, method, reported, None, found.reason)


def interval_of(values: Sequence[float], method: ShareMethod = "wilson") -> tuple[Interval | None, IntervalMethod]:
    """The interval of a mean of independent values at 95 %, and what kind it is.

    Args:
        values: At least one number.
        method: Of shares.
    """
    if is_binary(values):
        return share_interval(int(sum(values)), len(values), method=method), method
    return mean_interval(values), "t"


def _by_file(run: StoredRun, task: str, options: AuditOptions, reason: str) -> TaskAudit:
    """What the results file says, where documents cannot be looked at."""
    wanted, stderrs = parse_metric(options.metric), run.stderrs(task)
    found = [
        _score_of_file(metric, score, stderrs.get(metric), _documents(run, task))
        for metric, score in run.scores(task).items()
        if fits(metric, wanted)
    ]
    return TaskAudit(task, run.alias(task), tuple(found), reason=reason)


def _documents(run: StoredRun, task: str) -> int | None:
    n = run.section("n-samples", task).get("effective")
    return n if isinstance(n, int) and n > 0 else None


def _score_of_file(metric: Metric, score: float, stderr: float | None, n: int | None) -> ScoreAudit:
    """A share is recognized by its standard error: only of 0/1 values it is ``sqrt(p (1 - p) / (n - 1))``."""
    if stderr is None:
        return ScoreAudit(metric, score, n, None, None, None, None, "the results file has no standard error of it")
    if n and n > 1 and 0 <= score <= 1 and math.isclose(stderr**2 * (n - 1), score * (1 - score), abs_tol=1e-9):
        return ScoreAudit(metric, score, n, wilson_interval(score * n, n), "wilson", stderr)
    interval = normal_interval(score, stderr)
    reason = None if interval else "its standard error is 0: all scores are equal, and their spread is unknown"
    return ScoreAudit(metric, score, n, interval, "stderr" if interval else None, stderr, None, reason)


def _groups(run: StoredRun, read: Mapping[str, _Read], options: AuditOptions) -> Iterator[GroupAudit]:
    for name in run.groups:
        members = [(read[task], main) for task in run.leaves(name) if task in read and (main := read[task].audit.main)]
        members = [(one, main) for one, main in members if one.values]
        own = [metric for metric in run.scores(name) if any(main.metric == metric for _, main in members)]
        metric = own[0] if own else members[0][1].metric if members else None
        chosen = [one for one, main in members if main.metric == metric]
        if metric is not None and len(chosen) > 1:
            yield _group(run, name, metric, chosen, options)


def _group(run: StoredRun, name: str, metric: Metric, chosen: Sequence[_Read], options: AuditOptions) -> GroupAudit:
    values = [value for one in chosen for value in one.values]
    sizes = [len(one.values) for one in chosen]
    stderrs = [_stderr(one) for one in chosen]
    mean = group_mean(sizes, [main.score for one in chosen if (main := one.audit.main)], stderrs)
    interval, method = _group_interval(values, mean, options)
    score = ScoreAudit(metric, mean.micro, len(values), interval, method, run.stderrs(name).get(metric), None,
                       None if interval else mean.reason)  # fmt: skip
    joined = joined_choices(one.choices for one in chosen if one.choices)
    return GroupAudit(
        name,
        run.alias(name),
        tuple(one.audit.task for one in chosen),
        score,
        mean,
        audit_choices(joined, name, options.seed, scaled=options.details) if joined else None,
        _detectable(len(values), is_binary(values)),
    )


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


def _stderr(one: _Read) -> float | None:
    main = one.audit.main
    return main.clusters.stderr if main and main.clusters else mean_stderr(one.values)
