"""Runs against each other: task by task on the same documents, corrected for their number, by group, and in all pairs.

Every difference is second minus first run of a pair, as it is read: A is what there was, B what is new.
"""

# One comparison
# --------------
#   1. a task is read of every run, and of each pair the documents of both are paired  (task_scores, pairs)
#   2. each pair of a task is tested                                                   (paired.paired_difference)
#   3. all tests that are shown together are corrected together: tasks x pairs         (multiplicity.adjusted)
#   4. each gets its verdict, of its interval and its corrected p                      (verdicts.judge)
#   -  documents that belong together, as somebody named it, the task declares it or their texts show, are one unit
#   5. groups follow from their tasks; a group's difference is one test that was stated before, so it is not corrected
#
# Tasks are the outer loop, so that of no run more than one task is in memory, however many runs there are.
# paired_difference(a, b) gives a - b. It is called with the runs of a pair in exchange, so that all signs are B - A.

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import combinations

from proctor.analysis.clusters import declared_cluster
from proctor.analysis.compare_cells import divided_comparisons
from proctor.analysis.compare_groups import compare_group
from proctor.analysis.compare_stopped import compare_stopped, judgement_of
from proctor.analysis.compare_untested import no_metric, scored_group, without_samples, without_test
from proctor.analysis.comparison import (
    CompareOptions,
    Comparison,
    PairComparison,
    TaskComparison,
)
from proctor.analysis.contradictions import contradictions
from proctor.analysis.corpus_statistics import paired_statistic
from proctor.analysis.draws import source_of
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.paired import PairedDifference, paired_difference
from proctor.analysis.paired_tasks import names_in, renamed, tasks_of_itself
from proctor.analysis.pairs import Pairs, pair
from proctor.analysis.resampling import bootstrap
from proctor.analysis.sequences import ANYTIME
from proctor.analysis.setting_differences import same_model, setting_differences
from proctor.analysis.task_clusters import read_with_clusters
from proctor.analysis.task_scores import (
    Metric,
    TaskScores,
    fits,
    known_metrics,
    metrics_of_documents,
    name_of,
    parse_metric,
    statistics_of_documents,
)
from proctor.analysis.verdicts import directed
from proctor.errors import DataError, UsageError, did_you_mean
from proctor.results.stored_run import StoredRun


def compare_runs(
    runs: Sequence[StoredRun],
    options: CompareOptions | None = None,
    scores: Mapping[tuple[int, str], TaskScores] | None = None,
) -> Comparison:
    """Compare runs on the documents that they have in common.

    Args:
        runs: Two or more; of two, the second is compared with the first.
        options: What is asked for.
        scores: Tasks that have been read, by the place of their run and their name, without clusters.

    Raises:
        UsageError: Fewer than two runs, or nothing of what was named is there.
        DataError: Two runs were asked different documents under one number, or they have no task in common.
    """
    options = options or CompareOptions()
    if len(runs) < 2:
        raise UsageError("A comparison takes two runs or more.", hint="proctor compare A B")
    pairs = list(combinations(range(len(runs)), 2))
    partners = [names_in(runs[0], run, options.pair_tasks) for run in runs[1:]]
    options = replace(options, tasks=options.tasks or tasks_of_itself(runs, partners))
    runs = [runs[0], *map(renamed, runs[1:], partners)]
    names = _tasks(runs, options)
    by_pair: dict[tuple[int, int], list[TaskComparison]] = {both: [] for both in pairs}
    lacking: list[UsageError | None] = []
    for task in names:
        cluster = options.cluster or _declared(runs, task)
        ready = {} if cluster is not None or any(partners) else scores or {}
        read = [ready.get((place, task)) or _read(run, task, options, cluster) for place, run in enumerate(runs)]
        lacking += [one.without_cluster for one in read if isinstance(one, TaskScores) and one.documents]
        for i, j in pairs:
            if task in runs[i].tasks and task in runs[j].tasks:
                by_pair[i, j].append(_compare_task(task, (runs[i], runs[j]), (read[i], read[j]), options))
    if options.cluster is not None and lacking and all(lacking):
        raise next(filter(None, lacking))
    _check_metric(by_pair.values(), runs, options)
    corrected, tests = _corrected(by_pair, options)
    made = tuple(_pair(i, j, runs, corrected[i, j], options) for i, j in pairs)
    _check_column(made, options)
    return Comparison(tuple(runs), made, options, tests, tuple(partners))


def _declared(runs: Sequence[StoredRun], task: str) -> str | None:
    """The column of clusters that the task itself names, in the first run that knows it."""
    return next((one for run in runs if (one := declared_cluster(run.config(task).get("metadata")))), None)


def _check_column(pairs: Iterable[PairComparison], options: CompareOptions) -> None:
    if options.by is not None and not any(pair.divided for pair in pairs):
        stopped = [one for pair in pairs for one in pair.tasks if one.result and one.result.test in ANYTIME]
        if any(one.pairs and one.pairs.cells for one in stopped):
            raise UsageError(
                f"--by {options.by}: a run stopped early, so that how many documents a value has was not fixed before: "
                "there is no test of its values.",
                hint="'proctor audit RUN --by COLUMN' has the scores of each run.",
            )
        raise UsageError(
            f"--by {options.by}: no document that two runs have in common has such a column.",
            hint="'proctor audit RUN --by COLUMN' names the columns that there are.",
        )


def _tasks(runs: Sequence[StoredRun], options: CompareOptions) -> list[str]:
    """The tasks that at least two runs have, of those that were named."""
    counts: dict[str, int] = {}
    for run in runs:
        for task in run.tasks:
            counts[task] = counts.get(task, 0) + 1
    common = [task for task, count in counts.items() if count > 1]
    if not common:
        first, second = (", ".join(run.tasks[:4]) or "no tasks" for run in runs[:2])
        raise DataError(f"The runs have no task in common: the first has {first}, the second {second}.")
    if not options.tasks:
        return common
    groups = {name: run.leaves(name) for run in runs for name in run.groups}
    chosen = set[str]()
    for pattern in options.tasks:
        found = {task for task in common if fnmatchcase(task, pattern)}
        found |= {task for name, inside in groups.items() if fnmatchcase(name, pattern) for task in inside}
        if not found & set(common):
            close = did_you_mean(pattern, [*common, *groups])
            raise UsageError(f"The runs have no task or group {pattern!r} in common.", hint=close)
        chosen |= found
    return [task for task in common if task in chosen]


def _read(run: StoredRun, task: str, options: CompareOptions, cluster: str | None) -> TaskScores | DataError:
    """A task's scores, or why they cannot be read: the other tasks are compared all the same."""
    try:
        return read_with_clusters(run, task, cluster=cluster, by=options.by, metric=options.metric)
    except DataError as error:
        return error


def _compare_task(
    task: str,
    runs: tuple[StoredRun, StoredRun],
    read: tuple[TaskScores | DataError, TaskScores | DataError],
    options: CompareOptions,
) -> TaskComparison:
    """A task of two runs, with what their files contradict themselves in."""
    found = [
        () if isinstance(one, DataError) else tuple(contradictions(run, one))
        for run, one in zip(runs, read, strict=True)
    ]
    made = replace(_tested(task, runs, read, options), contradictions=(found[0], found[1]))
    return replace(made, instead_of=_missed(made, runs, read)) if options.metric is None else made


def _missed(
    made: TaskComparison, runs: tuple[StoredRun, StoredRun], read: tuple[TaskScores | DataError, TaskScores | DataError]
) -> Metric | None:
    """The first metric of one run that the other lacks, or has not of every document, while a later one is compared."""
    if made.metric is None:
        return None
    lists = [list(run.scores(made.task)) for run in runs]
    if made.result is not None:
        lists = [
            list(metrics_of_documents(run, one)) for run, one in zip(runs, read, strict=True)
            if not isinstance(one, DataError)
        ]  # fmt: skip
    firsts = [metrics[0] for metrics in lists if metrics]
    return next((one for one in firsts if one != made.metric and any(one not in metrics for metrics in lists)), None)


def _tested(
    task: str,
    runs: tuple[StoredRun, StoredRun],
    read: tuple[TaskScores | DataError, TaskScores | DataError],
    options: CompareOptions,
) -> TaskComparison:
    alias, (a, b) = runs[0].alias(task), read
    wanted = parse_metric(options.metric)
    if isinstance(a, DataError) or isinstance(b, DataError):
        error = a if isinstance(a, DataError) else b
        return without_test(task, runs, wanted, getattr(error, "message", str(error)))
    if not a.documents or not b.documents:
        return without_samples(task, runs, wanted, (not a.documents, not b.documents))
    there = set(metrics_of_documents(runs[1], b))
    common = [metric for metric in metrics_of_documents(runs[0], a) if metric in there]
    metric = next((one for one in common if fits(one, wanted)), None)
    if metric is None:
        found = _compare_statistic(task, runs, (a, b), options)
        return found or without_test(task, runs, wanted, no_metric(runs, (a, b), common, options.metric))
    pairs = pair(a, b, metric, by_number=options.by_number)
    higher = runs[0].higher_is_better(task, metric[0])
    if not pairs.keys:
        reason = f"the runs have no document of {task} in common ({pairs.only_a:,} and {pairs.only_b:,} alone)"
        return TaskComparison(task, alias, metric, higher, pairs, reason=reason)
    if any(run.early_stop(task) for run in runs):
        return compare_stopped(task, runs, pairs, metric, clustered=pairs.clusters is not None)
    source = source_of(options.seed, task, name_of(metric), "sign flips")
    result = paired_difference(pairs.b, pairs.a, pairs.clusters, source=source)
    if options.interval == "bootstrap":
        result = _bootstrapped(result, pairs, source_of(options.seed, task, name_of(metric), "bootstrap"))
    return TaskComparison(task, alias, metric, higher, pairs, result)


def _bootstrapped(result: PairedDifference, pairs: Pairs, source: random.Random) -> PairedDifference:
    """The same with the interval of resampled documents, or of resampled clusters."""
    differences = [second - first for first, second in zip(pairs.a, pairs.b, strict=True)]
    units: dict[Hashable, list[float]] = {}
    for place, difference in enumerate(differences):
        units.setdefault(pairs.clusters[place] if pairs.clusters else place, []).append(difference)
    found = bootstrap([(math.fsum(unit), len(unit)) for unit in units.values()], _mean_of_units, source=source)
    return replace(result, interval=found.interval, reason=found.reason)


def _mean_of_units(units: Sequence[tuple[float, int]]) -> float:
    return math.fsum([total for total, _ in units]) / sum([size for _, size in units])


def _compare_statistic(
    task: str, runs: tuple[StoredRun, StoredRun], read: tuple[TaskScores, TaskScores], options: CompareOptions
) -> TaskComparison | None:
    """A perplexity of both runs; None where there is none."""
    a, b = read
    wanted, there = parse_metric(options.metric), set(statistics_of_documents(runs[1], b))
    metrics = [metric for metric in statistics_of_documents(runs[0], a) if metric in there and fits(metric, wanted)]
    if not metrics:
        return None
    metric = metrics[0]
    losses = [replace(one, scores={metric: {key: ll for key, (ll, _) in one.rows[metric].items()}}) for one in read]
    pairs = pair(losses[0], losses[1], metric, by_number=options.by_number)
    if not pairs.keys:
        return None
    rows = [a.rows[metric][key] for key in pairs.keys], [b.rows[metric][key] for key in pairs.others]
    source = source_of(options.seed, task, name_of(metric), "bootstrap")
    result = paired_statistic(metric[0], rows[1], rows[0], source=source)
    higher = runs[0].higher_is_better(task, metric[0])
    return TaskComparison(task, runs[0].alias(task), metric, higher, pairs, result)


def _check_metric(
    found: Iterable[Sequence[TaskComparison]], runs: Sequence[StoredRun], options: CompareOptions
) -> None:
    if options.metric is None or any(one.metric for tasks in found for one in tasks):
        return
    wanted = parse_metric(options.metric)
    by_run = [[metric for task in run.tasks for metric in run.scores(task)] for run in runs]
    having = [run.source for run, there in zip(runs, by_run, strict=True) if any(fits(one, wanted) for one in there)]
    known = dict.fromkeys(name_of(metric) for there in by_run for metric in there)
    # What one run alone has is no misspelling of itself.
    close = f"Only {having[0]} has it." if len(having) == 1 else did_you_mean(options.metric, known)
    hint = close or known_metrics(known)
    raise UsageError(f"No task has the metric {options.metric!r} in two runs.", hint=hint)


def _corrected(
    by_pair: Mapping[tuple[int, int], Sequence[TaskComparison]], options: CompareOptions
) -> tuple[dict[tuple[int, int], list[TaskComparison]], int]:
    """All tests with their corrected p and their verdicts, and how many tests there are."""
    flat = [one for tasks in by_pair.values() for one in tasks]
    p = [one.result.p if one.result else None for one in flat]
    # Two runs on one task are one test: nothing to correct.
    values = iter(adjusted(p, options.correction))
    judged = {both: [_judged(one, next(values), options) for one in tasks] for both, tasks in by_pair.items()}
    return judged, sum(one is not None for one in p)


def _judged(one: TaskComparison, p: float | None, options: CompareOptions) -> TaskComparison:
    if one.result is None:
        return one
    stopped = one.result.test in ANYTIME
    judgement = judgement_of(one.result.interval, one.result.difference, options.margin, p, stopped=stopped)
    return replace(one, p_adjusted=p, judgement=directed(judgement, one.higher_is_better))


def _pair(
    i: int, j: int, runs: Sequence[StoredRun], tasks: Sequence[TaskComparison], options: CompareOptions
) -> PairComparison:
    a, b = runs[i], runs[j]
    names = [one.task for one in tasks]
    # Where tasks were chosen, groups that are chosen whole: a mean of some subjects is not the score of the exam.
    unchosen = set(a.tasks) & set(b.tasks) - set(names) if options.tasks else set[str]()
    whole = [name for name in a.groups if name in b.groups and not unchosen & set(a.leaves(name))]
    groups = tuple(made for name in whole if (made := compare_group(name, a, tasks, options)) is not None)
    tested, wanted = {one.group for one in groups}, parse_metric(options.metric)
    scored = [made for name in whole if name not in tested and (made := scored_group(name, (a, b), wanted)) is not None]
    left = ((), ()) if options.tasks else (_alone(a, b), _alone(b, a))
    by_column = tuple(divided_comparisons(a, tasks, groups, options))
    settings = setting_differences(a, b, names)
    return PairComparison(i, j, tuple(tasks), groups, settings, *left, by_column, tuple(scored),
                          same_model(a, b, settings))  # fmt: skip


def _alone(run: StoredRun, other: StoredRun) -> tuple[str, ...]:
    return tuple(task for task in run.tasks if task not in other.tasks)
