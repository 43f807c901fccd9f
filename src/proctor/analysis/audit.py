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
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Protocol

from proctor.analysis.audit_choices import audit_choices
from proctor.analysis.audit_clean import clean_score, excluded_documents
from proctor.analysis.audit_groups import (
    AuditedTask,
    audited_groups,
    detectable,
    score_of_file,
)
from proctor.analysis.audit_intervals import interval_of, stopped_score
from proctor.analysis.audit_stopped import without_fixed_tests
from proctor.analysis.audit_texts import think_end, truncated_texts
from proctor.analysis.by_column import Cells, scores_by, stopped_scores_by
from proctor.analysis.choice_columns import choices_of
from proctor.analysis.contradictions import contradictions, no_means
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.draws import source_of
from proctor.analysis.intervals import clustered_mean
from proctor.analysis.resampling import bootstrap
from proctor.analysis.run_audit import AuditOptions, GroupAudit, RunAudit, ScoreAudit, TaskAudit
from proctor.analysis.statistic import is_binary
from proctor.analysis.task_clusters import TaskClusters
from proctor.analysis.task_scores import (
    Metric,
    TaskScores,
    document_count,
    fits,
    known_metrics,
    metrics_of_documents,
    name_of,
    parse_metric,
    read_task,
    statistics_of_documents,
)
from proctor.errors import DataError, UsageError, did_you_mean
from proctor.results.choice_view import ChoiceView, choice_view
from proctor.results.exclusions import Exclusions, read_exclusions
from proctor.results.stored_run import Identity, Sample, StoredRun
from proctor.results.text_state import TextState, text_state


class Watcher(Protocol):
    """Who wants to see the samples of a run that is audited: they are read once for both."""

    def sample(self, task: str, sample: Sample, view: ChoiceView | None, state: TextState | None) -> None:
        """A sample, with the choice in it or the state of its text."""
        ...

    def task(self, audit: TaskAudit, scores: TaskScores | None) -> None:
        """A task, after its last sample; ``scores``: None where its samples could not be read."""
        ...


def audit_run(run: StoredRun, options: AuditOptions | None = None, watcher: Watcher | None = None) -> RunAudit:
    """Look a run through.

    Args:
        run: The run.
        options: What is asked for.
        watcher: Sees each sample that is read.

    Raises:
        UsageError: No task is as was named, none has the metric, or the file of excluded documents is wrong.
    """
    options = options or AuditOptions()
    exclusions = read_exclusions(options.exclude) if options.exclude is not None else None
    read = [_read_task(run, task, options, exclusions, watcher) for task in _tasks(run, options)]
    if options.metric is not None and not any(one.audit.scores for one in read):
        known = dict.fromkeys(name_of(metric) for task in run.tasks for metric in run.scores(task))
        hint = did_you_mean(options.metric, known) or known_metrics(known)
        raise UsageError(f"No task of this run has the metric {options.metric!r}.", hint=hint)
    if options.cluster is not None and not any(one.audit.cluster for one in read):
        lacking = next((one.without_cluster for one in read if one.without_cluster), None)
        if lacking is not None:
            raise lacking
    if options.by is not None and not any(one.by for one in read):
        raise _without_column(read, options.by)
    groups = tuple(audited_groups(run, {one.audit.task: one for one in read}, options))
    # A group of one kind of choices is looked at as a whole: of its tasks, confidence says little on few documents.
    whole = {task for group in groups if group.choices and not _is_mixed(group, read) for task in group.tasks}
    tasks = (_with_choices(run, one, options, alone=one.audit.task not in whole) for one in read)
    not_there = exclusions.documents - sum(one.excluded_hashes for one in read) if exclusions else 0
    return RunAudit(run, tuple(tasks), groups, options, not_there)


def check_some_score(audit: RunAudit) -> RunAudit:
    """The audit of a run that has a score; who looks at several runs together goes on without one.

    Args:
        audit: Of any run.

    Raises:
        DataError: There is no score in it; why, task by task.
    """
    if any(task.scores for task in audit.tasks) or audit.groups:
        return audit
    source = audit.run.source
    if not audit.tasks:
        raise DataError(f"There are no tasks in {source}.", hint="Is it the results file of a run?")
    reasons = [f"{task.task}: {task.reason}" for task in audit.tasks[:5] if task.reason]
    raise DataError("\n".join([f"There is no score in {source}.", *reasons]))


def _without_column(read: Sequence[AuditedTask], by: str) -> UsageError:
    known = next((one.without_column for one in read if one.without_column), None)
    return known or UsageError(
        f"--by {by}: no task of this run has samples with documents (--log_samples writes them)."
    )


def _is_mixed(group: GroupAudit, read: Sequence[AuditedTask]) -> bool:
    return len({one.choices.by_label for one in read if one.audit.task in group.tasks and one.choices}) > 1


def _with_choices(run: StoredRun, one: AuditedTask, options: AuditOptions, *, alone: bool) -> TaskAudit:
    if one.choices is None:
        return one.audit
    confidence = alone or options.details
    found = audit_choices(one.choices, one.audit.task, options.seed, confidence=confidence, scaled=options.details)
    stopped = run.early_stop(one.audit.task) is not None
    return replace(one.audit, choices=without_fixed_tests(found) if found and stopped else found)


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


@dataclass(slots=True)
class _TaskSamples:
    """What is read of a task's samples."""

    scores: TaskScores
    texts: Counter[tuple[str, TextState]]
    views: dict[Identity, ChoiceView]
    clusters: TaskClusters


def _read_samples(run: StoredRun, task: str, options: AuditOptions, watcher: Watcher | None) -> _TaskSamples:
    config, texts = run.config(task), Counter[tuple[str, TextState]]()
    views: dict[Identity, ChoiceView] = {}
    ending = think_end(run)
    clusters = TaskClusters(run, task, options.cluster)

    def visit(sample: Sample) -> None:
        clusters.visit(sample)
        # A choice first: most samples are one, and a choice is no text.
        view = views.get(sample.identity) or choice_view(sample, config)
        state = None
        if view is not None:
            views[sample.identity] = view
        elif (state := text_state(sample, ending)) is not None:
            texts[sample.filter, state] += 1
        if watcher is not None:
            watcher.sample(task, sample, view, state)

    scores = read_task(run, task, cluster=options.cluster, by=options.by, metric=options.metric, visit=visit)
    return _TaskSamples(scores, texts, views, clusters)


def _read_task(
    run: StoredRun, task: str, options: AuditOptions, exclusions: Exclusions | None, watcher: Watcher | None
) -> AuditedTask:
    try:
        samples = _read_samples(run, task, options, watcher)
    except DataError as error:
        by_file = replace(_by_file(run, task, options, error.message), damaged=True)
        samples, audited = None, AuditedTask(by_file)
    else:
        audited = _audited_task(run, task, samples, options, excluded_documents(exclusions, samples.scores))
    if watcher is not None:
        watcher.task(audited.audit, samples.scores if samples else None)
    return audited


def _audited_task(
    run: StoredRun, task: str, samples: _TaskSamples, options: AuditOptions, excluded: frozenset[Identity]
) -> AuditedTask:
    scores = samples.scores
    if not scores.documents:
        return AuditedTask(_by_file(run, task, options, f"{task} has no samples (--log_samples writes them)"))
    wanted = parse_metric(options.metric)
    metrics = [metric for metric in metrics_of_documents(run, scores) if fits(metric, wanted)]
    others = [metric for metric in statistics_of_documents(run, scores) if fits(metric, wanted)]
    perplexities = tuple(_perplexity(run, scores, metric, options) for metric in others)
    if not metrics and perplexities:
        return AuditedTask(TaskAudit(task, run.alias(task), perplexities, unscored=scores.unscored))
    if not metrics:
        by_file = _by_file(run, task, options, _no_means(run, scores, options))
        return AuditedTask(replace(by_file, contradictions=tuple(contradictions(run, scores))))
    return _audited(run, samples, metrics, perplexities, options, excluded)


def _audited(
    run: StoredRun,
    samples: _TaskSamples,
    metrics: Sequence[Metric],
    perplexities: Sequence[ScoreAudit],
    options: AuditOptions,
    excluded: frozenset[Identity],
) -> AuditedTask:
    """A task whose scores are means over its documents, the first of ``metrics`` audited."""
    scores, task = samples.scores, samples.scores.task
    main, values = metrics[0], list(scores.scores[metrics[0]].values())
    choices = choices_of(main, scores, samples.views)
    views = samples.views
    source = samples.clusters.put(scores, lambda sample: view.texts if (view := views.get(sample.identity)) else ())
    by = [] if scores.without_column or not options.by else [scores.documents[key].cell for key in scores.scores[main]]
    units = [(task, scores.documents[key].cluster if source else key) for key in scores.scores[main]]
    stopped = run.early_stop(task) is not None
    clustered = source is not None
    clean = (clean_score(run, scores, metric, excluded, options, clustered=clustered) for metric in metrics)
    audit = TaskAudit(
        task,
        run.alias(task),
        (*(_score(run, scores, metric, options, clustered=clustered) for metric in metrics), *perplexities),
        {state: count for (name, state), count in samples.texts.items() if name == main[1]},
        truncated_texts(run, task),
        scores.unscored,
        scores.not_finite.get(main, 0),
        detectable=None if stopped else detectable(len(values), is_binary(values)),
        cluster=source,
        cells=_cells(values, by, units if source else None, options, stopped=stopped) if by else None,
        contradictions=tuple(contradictions(run, scores)),
        clean=tuple(one for one in clean if one is not None),
        excluded=len(excluded),
    )
    left = [value for key, value in scores.scores[main].items() if key not in excluded]
    hashes = len({key[0] for key in excluded})
    return AuditedTask(audit, values, choices, by, units, left, hashes, scores.without_column, scores.without_cluster)


def _cells(
    values: Sequence[float],
    by: Sequence[str | None],
    units: Sequence[Hashable] | None,
    options: AuditOptions,
    *,
    stopped: bool,
) -> Cells:
    column = options.by or ""
    if stopped:
        return stopped_scores_by(column, values, by)
    return scores_by(column, values, by, options.interval, units)


def _no_means(run: StoredRun, scores: TaskScores, options: AuditOptions) -> str:
    if options.metric is not None:
        return f"{scores.task} has no metric {options.metric!r} that is a mean over documents"
    return no_means(run, scores)


def _score(run: StoredRun, scores: TaskScores, metric: Metric, options: AuditOptions, *, clustered: bool) -> ScoreAudit:
    column = scores.scores[metric]
    values = list(column.values())
    mean, reported = math.fsum(values) / len(values), run.stderrs(scores.task).get(metric)
    if run.early_stop(scores.task) is not None:
        return stopped_score(run, scores.task, ScoreAudit(metric, mean, len(values), None, None, reported))
    if clustered:
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


def _by_file(run: StoredRun, task: str, options: AuditOptions, reason: str) -> TaskAudit:
    """What the results file says, where documents cannot be looked at."""
    wanted, stderrs = parse_metric(options.metric), run.stderrs(task)
    found = [
        score_of_file(metric, score, stderrs.get(metric), document_count(run, task))
        for metric, score in run.scores(task).items()
        if fits(metric, wanted)
    ]
    if run.early_stop(task) is not None:
        found = [stopped_score(run, task, score) for score in found]
    return TaskAudit(task, run.alias(task), tuple(found), reason=reason)
