"""What a run could show before it is asked: the smallest difference to another model that its documents would find."""

# Nothing is known of the models yet, so two things are assumed and said: a paired comparison, and that a fifth of the
# documents are right by one of the two models alone, as near models show. Where documents belong together, the effect
# lies between that of independent documents and that of as many documents as there are clusters.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.audit_groups import DISCORDANCE
from proctor.analysis.clusters import column_value, declared_cluster
from proctor.analysis.power import ALPHA, detectable_effect, discordance_variance, documents_needed
from proctor.errors import UsageError
from proctor.run.bind import bind_tasks
from proctor.run.exam import select_suite
from proctor.run.progress import OpenProgress
from proctor.run.seeds import seed_everything
from proctor.run.selection import selection_of
from proctor.settings.config import RunConfig
from proctor.tasks.class_task import AnyTask


@dataclass(frozen=True, slots=True)
class TaskPower:
    """One task, or a group.

    Attributes:
        name: Its name.
        n: Documents that are evaluated.
        of: Documents that there are.
        clusters: Clusters of these documents; None: they are independent, as far as is known.
        is_group: Whether it is the documents of a group's tasks together.
    """

    name: str
    n: int
    of: int
    clusters: int | None
    is_group: bool = False

    def effect(self, tests: int = 1) -> float | None:
        """The difference to another model that is found four times in five; None of too few documents for any.

        Args:
            tests: How many tasks are claims of their own, for whose number is corrected.
        """
        effect = effect_of(self.n, tests) if self.n else None
        return None if effect is None or effect > 1 else effect


def effect_of(n: int, tests: int = 1) -> float:
    """The difference that n independent documents find four times in five.

    Args:
        n: Documents, at least one.
        tests: How many comparisons are corrected for.
    """
    return detectable_effect(discordance_variance(DISCORDANCE), n, alpha=ALPHA / tests)


def needed(effect: float) -> int:
    """How many documents a difference needs.

    Args:
        effect: The difference, not 0.
    """
    return documents_needed(discordance_variance(DISCORDANCE), effect)


def task_power(config: RunConfig, *, progress: OpenProgress) -> tuple[Sequence[TaskPower], int]:
    """What the documents of a run would show.

    Args:
        config: The settings; no model is needed.
        progress: Opens a display.

    Returns:
        A row for each group and each task, and how many tasks there are.

    Raises:
        UsageError: No task has the column of ``config.cluster``.
    """
    suite = select_suite(config)
    seed_everything(config.seed)
    tasks = [_task(task, config) for task in bind_tasks(suite.tasks, progress)]
    if config.cluster and not any(one.clusters for one in tasks):
        raise UsageError(f"--cluster {config.cluster}: no task has documents with such a column.")
    by_name = {one.name: one for one in tasks}
    rows: list[TaskPower] = []
    for group in suite.groups:
        members = [by_name[name] for name in dict.fromkeys(suite.leaves[group.name]) if name in by_name]
        if len(members) > 1:
            rows.append(_together(group.name, members))
    return [*rows, *tasks], len(tasks)


def _task(task: AnyTask, config: RunConfig) -> TaskPower:
    chosen = task.positions(selection_of(config, task.spec.name))
    column = config.cluster or (None if config.strict_lm_eval else declared_cluster(task.spec.metadata))
    clusters = None
    if column is not None:
        try:
            values = {column_value(doc, column, task.spec.name) for doc in task.documents.rows(chosen)}
        except UsageError:
            values = set()
        clusters = len(values) or None
    return TaskPower(task.spec.name, len(chosen), len(task.documents), clusters)


def _together(name: str, members: Sequence[TaskPower]) -> TaskPower:
    clusters = None
    if any(one.clusters for one in members):
        clusters = sum(one.clusters or one.n for one in members)
    return TaskPower(name, sum(one.n for one in members), sum(one.of for one in members), clusters, True)
