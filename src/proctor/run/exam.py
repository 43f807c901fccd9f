"""What a run asks: tasks and groups selected by name, bound to their data, under the run's own settings.

The command line knows names only (:func:`load_exam`); those who call from Python mix names with configurations as
mappings, specs, and objects of their own (:func:`gather`). What they name twice is asked once, and the order is theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proctor.errors import UsageError, value_text
from proctor.plurals import counted
from proctor.run.bind import bind_tasks
from proctor.run.progress import OpenProgress
from proctor.run.seeds import seed_everything
from proctor.sandbox.consent import code_consent
from proctor.sandbox.run import bounds_report
from proctor.settings.config import RunConfig
from proctor.tasks.class_task import AnyTask, ClassTask, from_object
from proctor.tasks.fewshot import may_leak
from proctor.tasks.groups import GroupSpec
from proctor.tasks.index import TaskIndex, build_index, report_errors
from proctor.tasks.override import override
from proctor.tasks.select import GroupNode, TaskNode, select, select_values
from proctor.tasks.spec import TaskSpec
from proctor.tasks.suite import Suite, build_suite
from proctor.tasks.task import Task

log = logging.getLogger("proctor")

METHODS = ("construct_requests", "process_results")
"""What an object must be able to do to be asked as a task."""


@dataclass(frozen=True, slots=True)
class Exam:
    """What a run asks: tasks bound to their data, and the groups above them (see :class:`Suite`)."""

    tasks: tuple[AnyTask, ...]
    groups: tuple[GroupSpec, ...] = ()
    leaves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load_exam(config: RunConfig, progress: OpenProgress, change: Callable[[TaskSpec], TaskSpec] | None = None) -> Exam:
    """The tasks that ``config`` names, with their data.

    Args:
        config: The settings.
        progress: Opens a display.
        change: Applied to each task before its data is loaded.
    """
    suite = select_suite(config)
    # Before data are loaded: regrading sets the number of examples that the earlier run had, which decides what is
    # read.
    suite = suite if change is None else replace(suite, tasks=tuple(map(change, suite.tasks)))
    refuse_media([task.name for task in suite.tasks if task.media])
    seed_everything(config.seed)
    # Binding loads metrics, and some of these (code_eval) ask for consent when they are loaded.
    with code_consent(config.confirm_run_unsafe_code, remote=config.trust_remote_code):
        return Exam(tuple(bind_tasks(suite.tasks, progress)), suite.groups, suite.leaves)


def select_suite(config: RunConfig) -> Suite:
    """Find, select and check the tasks, under the run's own settings.

    Args:
        config: The settings.

    Raises:
        ProctorError: A task file is wrong, a name is unknown, or nothing is selected.
    """
    index = build_index(config.include_path, report=False)
    selected = select(index, config.tasks)  # its errors are those of the files that are meant
    report_errors(index.errors)
    suite = suite_of(selected.nodes, config)
    if not suite.tasks:
        raise UsageError(f"No task was selected by {', '.join(config.tasks)}.", hint="proctor ls shows what there is.")
    check_samples(config, [task.name for task in suite.tasks])
    return suite


def suite_of(nodes: Sequence[TaskNode | GroupNode], config: RunConfig) -> Suite:
    """Selected tasks and groups as specs, under the run's own settings.

    Args:
        nodes: What was selected.
        config: The settings.

    Raises:
        UsageError: A task runs code of the model's, and that is not confirmed.
    """
    suite = build_suite(nodes, config.metadata)
    check_unsafe(suite.tasks, config.confirm_run_unsafe_code)
    tasks = tuple(
        override(
            task,
            num_fewshot=config.num_fewshot,
            gen_kwargs=config.gen_kwargs,
            predict_only=config.predict_only,
            fewshot_exclude=config.fewshot_exclude,
            strict=config.strict_lm_eval,
        )
        for task in suite.tasks
    )
    for task, before in zip(tasks, suite.tasks, strict=True):
        if config.num_fewshot is not None and before.fewshot.n == 0 and config.num_fewshot != 0:
            log.info("Task '%s' says num_fewshot: 0 and keeps it.", task.name)
    return Suite(tasks, suite.groups, suite.leaves)


def check_samples(config: RunConfig, names: Sequence[str]) -> None:
    """``--samples`` may only name tasks that are selected.

    Args:
        config: The settings.
        names: The selected tasks.

    Raises:
        UsageError: It names others.
    """
    unknown = sorted(set(config.samples or {}) - set(names))
    if unknown:
        raise UsageError(f"--samples names tasks that are not selected: {', '.join(unknown)}.")


def check_unsafe(tasks: Sequence[TaskSpec], confirmed: bool) -> None:
    """Refuse tasks that run code of a model, unless the user agreed."""
    unsafe = [task.name for task in tasks if task.unsafe]
    if unsafe and not confirmed:
        raise UsageError(
            f"These tasks run code that the model writes: {', '.join(unsafe)}.",
            hint="Add --confirm_run_unsafe_code if you accept that.",
        )


def takes_media(task: AnyTask) -> bool:
    """Whether a task shows images or plays sound."""
    return task.takes_media if isinstance(task, ClassTask) else bool(task.spec.media)


def refuse_media(names: Sequence[str]) -> None:
    """Raise a :class:`UsageError` for tasks with images or sound, by their names."""
    if names:
        raise UsageError(
            f"These tasks show images or play sound, which no model here takes: {', '.join(names[:5])}"
            f"{f' and {len(names) - 5} more' if len(names) > 5 else ''}.",
            hint="'proctor preview' shows their text, 'proctor validate' checks their files.",
        )


def warn_of_surprises(config: RunConfig, tasks: Sequence[TaskSpec]) -> None:
    """Warn once of what lm-eval does silently and what surprises its users.

    Args:
        config: The settings.
        tasks: The selected tasks.
    """
    leaking = [task.name for task in tasks if may_leak(task)]
    if leaking:
        log.warning(
            "Few-shot examples come from the split that is evaluated, so a document can be among its own examples, "
            "with its answer, in %d of %s (%s%s). lm-eval does the same; --fewshot_exclude always keeps it out.",
            len(leaking), counted(len(tasks), "task"), ", ".join(leaking[:3]), ", ..." if len(leaking) > 3 else "",
        )  # fmt: skip
    if config.system_instruction and not config.apply_chat_template:
        log.warning("--system_instruction without --apply_chat_template stands right before the prompt's first letter.")
    named = str(config.model_args.get("pretrained", "")).lower()
    if not config.apply_chat_template and ("inst" in named or "chat" in named):
        log.warning("The model's name suggests a chat model; --apply_chat_template is not given.")


@dataclass(slots=True)
class _ExamBuilder:
    """What has been found so far; ``order``: the names of tasks as they were first asked for."""

    nodes: list[TaskNode | GroupNode] = field(default_factory=list)
    specs: list[TaskSpec] = field(default_factory=list)
    bound: list[AnyTask] = field(default_factory=list)
    order: dict[str, None] = field(default_factory=dict)


def gather(config: RunConfig, items: Sequence[Any], progress: OpenProgress, *, index: TaskIndex | None = None) -> Exam:
    """The exam of ``items``; ``index`` None: the bundled tasks and ``config.include_path``."""
    builder = _ExamBuilder()
    for item in items:
        if isinstance(item, str | Mapping):
            index = index or build_index(config.include_path)
            nodes = select(index, [item]).nodes if isinstance(item, str) else select_values(index, item).nodes
            builder.nodes += nodes
            # A group stands for its tasks: results are in the order in which tasks are met.
            names = [leaf.name for node in nodes for leaf in node.leaves()]
        else:
            names = [_take(builder, item, config)]
        builder.order.update(dict.fromkeys(names))
    check_samples(config, list(builder.order))
    suite = suite_of(builder.nodes, config)
    seed_everything(config.seed)
    bound = [*bind_tasks([*suite.tasks, *builder.specs], progress), *builder.bound]
    # Reversed, so that of two tasks of one name the first counts.
    tasks = {task.spec.name: task for task in reversed(bound)}
    if not tasks:
        raise UsageError("No task is given.", hint="'proctor ls tasks' lists the names.")
    return Exam(tuple(tasks[name] for name in builder.order), suite.groups, suite.leaves)


def _take(builder: _ExamBuilder, item: Any, config: RunConfig) -> str:
    """Keep what is a task already, and return its name."""
    if isinstance(item, TaskSpec):
        builder.specs.append(item)
        return item.name
    if isinstance(item, Task | ClassTask):
        builder.bound.append(item)
        return item.spec.name
    # A class instead of an object of it is the usual slip, and has the methods, too.
    if isinstance(item, type) or not all(callable(getattr(item, method, None)) for method in METHODS):
        raise UsageError(
            f"{value_text(item)} is no task.",
            hint="Give a name, a configuration as a mapping, or an object with lm-eval's task methods.",
        )
    made = from_object(
        item, num_fewshot=config.num_fewshot, gen_kwargs=config.gen_kwargs, predict_only=config.predict_only
    )
    builder.bound.append(made)
    return made.spec.name


def check_exam(exam: Exam, config: RunConfig) -> None:
    """What stops a run before its model is opened, and what is worth a warning.

    Args:
        exam: The tasks.
        config: The settings.

    Raises:
        UsageError: A task needs media, or runs code that a model writes without consent.
    """
    refuse_media([task.spec.name for task in exam.tasks if takes_media(task)])
    check_unsafe([task.spec for task in exam.tasks], config.confirm_run_unsafe_code)
    warn_of_surprises(config, [task.spec for task in exam.tasks])


def warn_of_unconfined(tasks: Sequence[AnyTask]) -> None:
    """Warn where the programs of a model did not run in the sandbox.

    Args:
        tasks: The tasks.
    """
    unsafe = [task.spec.name for task in tasks if task.spec.unsafe]
    if unsafe and bounds_report() is None:
        log.warning("The code of these tasks ran by its own means, outside the sandbox: %s.", ", ".join(unsafe))
