"""An exam from whatever a script has: names, configurations as mappings, specs, and objects of its own.

The command line knows names only; those who call from Python mix them. What they ask for twice is
asked once, and the order is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proctor.errors import UsageError, value_text
from proctor.run.bind import bind_tasks
from proctor.run.session import Exam, OpenProgress, check_samples, seed_everything, suite_of
from proctor.settings.config import RunConfig
from proctor.tasks.class_task import AnyTask, ClassTask, from_object
from proctor.tasks.index import TaskIndex, build_index
from proctor.tasks.select import GroupNode, TaskNode, select, select_values
from proctor.tasks.spec import TaskSpec
from proctor.tasks.task import Task

METHODS = ("construct_requests", "process_results")
"""What an object must be able to do to be asked as a task."""


@dataclass(slots=True)
class _ExamBuilder:
    """What has been found so far; ``order``: the names of tasks as they were first asked for."""

    nodes: list[TaskNode | GroupNode] = field(default_factory=list)
    specs: list[TaskSpec] = field(default_factory=list)
    bound: list[AnyTask] = field(default_factory=list)
    order: dict[str, None] = field(default_factory=dict)


def gather(config: RunConfig, items: Sequence[Any], progress: OpenProgress, *, index: TaskIndex | None = None) -> Exam:
    """The exam of ``items``; ``index`` None: the bundled tasks and ``config.include_path``."""
    found = _ExamBuilder()
    for item in items:
        if isinstance(item, str | Mapping):
            index = index or build_index(config.include_path)
            nodes = select(index, [item]).nodes if isinstance(item, str) else select_values(index, item).nodes
            found.nodes += nodes
            names = [leaf.name for node in nodes for leaf in node.leaves()]
        else:
            names = [_take(found, item, config)]
        found.order.update(dict.fromkeys(names))
    check_samples(config, list(found.order))
    suite = suite_of(found.nodes, config)
    seed_everything(config.seed)
    bound = [*bind_tasks([*suite.tasks, *found.specs], progress), *found.bound]
    tasks = {task.spec.name: task for task in reversed(bound)}
    if not tasks:
        raise UsageError("No task is given.", hint="'proctor ls tasks' lists the names.")
    return Exam(tuple(tasks[name] for name in found.order), suite.groups, suite.leaves)


def _take(found: _ExamBuilder, item: Any, config: RunConfig) -> str:
    """Keep what is a task already, and return its name."""
    if isinstance(item, TaskSpec):
        found.specs.append(item)
        return item.name
    if isinstance(item, Task | ClassTask):
        found.bound.append(item)
        return item.spec.name
    if isinstance(item, type) or not all(callable(getattr(item, method, None)) for method in METHODS):
        raise UsageError(
            f"{value_text(item)} is no task.",
            hint="Give a name, a configuration as a mapping, or an object with lm-eval's task methods.",
        )
    made = from_object(
        item, num_fewshot=config.num_fewshot, gen_kwargs=config.gen_kwargs, predict_only=config.predict_only
    )
    found.bound.append(made)
    return made.spec.name
