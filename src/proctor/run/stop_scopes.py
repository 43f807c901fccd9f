"""What a run that may stop early watches: which score of which group or task, over documents in which order."""

# A scope is a group that has a score of its own, or a task of no such group. Its documents, of all its tasks together,
# are asked in one random order, so that every beginning is a random sample of all; that is also the order in which its
# sets see them. Each of k scopes gets alpha / k, so that all claims of a run hold together (union bound).
#
# The order is that of ``document_order``: seed, task and doc_hash decide, so that a run that goes on, and one that is
# graded again, ask in the same order.
#
# Invariant: no document is in two scopes, and none twice in one.

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proctor.analysis.early_stop import document_order
from proctor.errors import UsageError
from proctor.results.hashes import doc_hash
from proctor.run.chunks import is_divisible
from proctor.run.exam import Exam
from proctor.run.selection import document_seed
from proctor.settings.config import RunConfig
from proctor.settings.early_stop import EarlyStop, read_early_stop
from proctor.tasks.class_task import AnyTask
from proctor.tasks.groups import AggregateSpec, GroupSpec

MEAN = "mean"
"""The aggregation whose scores can be watched."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is stopped as one.

    Attributes:
        name: The group or task.
        tasks: Its tasks.
        metric: The score that is watched, and its filter.
        is_macro: Whether it is a mean over tasks, each counting the same.
        group: The group; None: a task alone.
    """

    name: str
    tasks: tuple[AnyTask, ...]
    metric: tuple[str, str]
    is_macro: bool
    group: GroupSpec | None


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """A document in the order of asking.

    Attributes:
        task: Its task.
        doc_id: Its number in the split.
        identity: What it is found by in another run: its hash, and which of equal ones it is.
    """

    task: str
    doc_id: int
    identity: tuple[str, int]


def stop_scopes(exam: Exam, config: RunConfig) -> list[Scope]:
    """The scopes of a run.

    Args:
        exam: Its tasks and groups.
        config: The settings, ``early_stop`` among them.

    Raises:
        UsageError: A task or group has no score that can be watched; all that have none, in one message.
    """
    rule = read_early_stop(config.early_stop)
    tasks = {task.spec.name: task for task in exam.tasks}
    scopes: list[Scope] = []
    problems: list[str] = []
    for found in _units(exam):
        made = _group_scope(found, exam, rule) if isinstance(found, GroupSpec) else _task_scope(found, rule)
        if isinstance(made, Scope):
            scopes.append(made)
        else:
            problems.append(made)
    counts = Counter(task.spec.name for scope in scopes for task in scope.tasks)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        problems.append(
            f"--early_stop counts each document once, and {_named(twice)} "
            f"{'is' if len(twice) == 1 else 'are'} in several groups: run these groups one by one."
        )
    problems += [
        f"Task '{name}': a filter of it looks at all documents together, so --early_stop cannot ask them part by part."
        for name in counts
        if not is_divisible(tasks[name])
    ]
    if problems:
        raise UsageError("\n".join(problems))
    return scopes


def _units(exam: Exam) -> Iterator[GroupSpec | AnyTask]:
    """Groups that aggregate, the highest ones, and the tasks of none, in the order of the run."""
    groups = {group.name: group for group in exam.groups}
    tasks = {task.spec.name: task for task in exam.tasks}
    inside = {member for group in exam.groups for member in group.members}
    covered: set[str] = set()

    def below(name: str) -> Iterator[GroupSpec | AnyTask]:
        group = groups.get(name)
        if group is None:
            if name in tasks and name not in covered:
                covered.add(name)
                yield tasks[name]
        elif group.aggregates:
            covered.update(exam.leaves[name])
            yield group
        else:
            for member in group.members:
                yield from below(member)

    for group in exam.groups:
        if group.name not in inside:
            yield from below(group.name)
    for name in tasks:
        yield from below(name)


def _group_scope(group: GroupSpec, exam: Exam, rule: EarlyStop) -> Scope | str:
    names = exam.leaves[group.name]
    tasks = tuple(task for name in names for task in exam.tasks if task.spec.name == name)
    entries = [entry for entry in group.aggregates if rule.metric in (None, entry.metric)]
    if not entries:
        there = ", ".join(entry.metric for entry in group.aggregates)
        return f"Group '{group.name}' has no score {rule.metric} (it has {there}): --early_stop watches its own score."
    for entry in entries:
        name = _filter_of(tasks, entry, rule)
        lacking = [task.spec.name for task in tasks if entry.metric not in mean_metrics(task)]
        if name is not None and not lacking:
            return Scope(group.name, tasks, (entry.metric, name), not entry.weight_by_size, group)
    entry = entries[0]
    lacking = [task.spec.name for task in tasks if entry.metric not in mean_metrics(task)]
    if lacking:
        return (
            f"Group '{group.name}': {entry.metric} is no mean of documents in {_named(lacking)}, and --early_stop "
            "watches one mean of all of its tasks. Run these tasks apart."
        )
    return (
        f"Group '{group.name}': its tasks have no filter {rule.filter or ''} in common that --early_stop could watch."
    )


def _filter_of(tasks: Sequence[AnyTask], entry: AggregateSpec, rule: EarlyStop) -> str | None:
    """The first filter that all tasks have, of those that the group aggregates."""
    pipelines = [[pipeline.name for pipeline in task.pipelines] for task in tasks]
    wanted = [rule.filter] if rule.filter else list(entry.filters or (pipelines[0] if pipelines else ()))
    return next((name for name in wanted if name and all(name in names for names in pipelines)), None)


def _task_scope(task: AnyTask, rule: EarlyStop) -> Scope | str:
    means, name = mean_metrics(task), task.spec.name
    if not means:
        return (
            f"Task '{name}' has no score that is a mean of documents (it has {', '.join(_metrics(task)) or 'none'}): "
            "--early_stop cannot watch it."
        )
    metric = rule.metric or ("acc" if "acc" in means else means[0])
    if metric not in means:
        return (
            f"Task '{name}': {metric} is no mean of documents that --early_stop could watch ({', '.join(means)} are)."
        )
    pipelines = [pipeline.name for pipeline in task.pipelines]
    if rule.filter and rule.filter not in pipelines:
        return f"Task '{name}' has no filter {rule.filter} (it has {', '.join(pipelines)})."
    return Scope(name, (task,), (metric, rule.filter or pipelines[0]), False, None)


def mean_metrics(task: AnyTask) -> list[str]:
    """The metrics of a task that are means over documents, as its file has them.

    Args:
        task: The task.
    """
    return [use.name for use in task.uses if use.aggregation_name == MEAN]


def _metrics(task: AnyTask) -> list[str]:
    return [use.name for use in task.uses]


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def asking_order(scope: Scope, config: RunConfig) -> list[AskedDocument]:
    """All documents of a scope in the order in which they are asked.

    Args:
        scope: What is stopped as one.
        config: The settings.
    """
    documents: list[AskedDocument] = []
    for task in scope.tasks:
        equal: Counter[str] = Counter()
        for doc_id, doc in enumerate(task.documents.rows(range(len(task.documents)))):
            mark = doc_hash(doc)
            documents.append(AskedDocument(task.spec.name, doc_id, (mark, equal[mark])))
            equal[mark] += 1
    order = document_order([(one.task, one.identity[0]) for one in documents], document_seed(config))
    return [documents[place] for place in order]
