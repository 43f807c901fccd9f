"""lm-eval's dictionaries of tasks, in two forms: tasks and groups by name, or groups as keys of what is below them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from proctor.compat.tasks.group import ConfigurableGroup, Group, group_spec
from proctor.errors import UsageError
from proctor.run.exam import Exam


def name_of(task: Any) -> str:
    """The name in a task's configuration, else the one it says, else its class's."""
    named = getattr(getattr(task, "config", None), "task", None)
    return str(named or getattr(task, "EVAL_HARNESS_NAME", None) or type(task).__name__)


def as_nested(one: Any) -> dict[Any, Any]:
    """A task or group in the form with groups as keys."""
    if not isinstance(one, Group):
        return {name_of(one): one}
    members: dict[Any, Any] = {}
    for child in one:
        members.update(as_nested(child))
    return {ConfigurableGroup.from_group(one): members}


def flatten(task_dict: Mapping[Any, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tasks and the groups (children first) of either form of lm-eval's task dictionary."""
    tasks: dict[str, Any] = dict(task_dict.get("tasks", {})) if isinstance(task_dict.get("tasks"), Mapping) else {}
    known: dict[str, Any] = dict(task_dict.get("groups") or {}) if tasks else {}
    if not tasks:
        _flatten_nested(task_dict, tasks, known)
    groups: dict[str, Any] = {}

    def visit(name: str) -> None:
        for child in known[name].child_names:
            if child in known and child not in groups:
                visit(child)
        groups.setdefault(name, known[name])

    for name in known:
        visit(name)
    return tasks, groups


def _flatten_nested(nested: Mapping[Any, Any], tasks: dict[str, Any], groups: dict[str, Any]) -> None:
    for key, value in nested.items():
        if not isinstance(key, str):
            groups[key.name] = key
        if isinstance(value, Mapping):
            _flatten_nested(value, tasks, groups)
        else:
            tasks[str(key)] = value


def refuse_doubles(nested: Mapping[Any, Any]) -> None:
    """Raise where a task stands in two groups."""
    owner: dict[str, str] = {}
    for key, value in nested.items():
        for name in dict.fromkeys(_leaves(value)) if isinstance(value, Mapping) else ():
            if owner.setdefault(name, key.name) != key.name:
                raise UsageError(
                    f"The task '{name}' stands in the groups '{owner[name]}' and '{key.name}'.",
                    hint="Evaluate such groups one after the other.",
                )


def _leaves(nested: Mapping[Any, Any]) -> Iterator[str]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield str(key)


def with_groups(exam: Exam, groups: Mapping[str, Any]) -> Exam:
    """The exam with group objects, whose scores are aggregated from its tasks."""
    if not groups:
        return exam
    leaves = {name: tuple(task.task_name for task in group.get_all_tasks()) for name, group in groups.items()}
    return replace(
        exam,
        groups=(*exam.groups, *(group_spec(name, group) for name, group in groups.items())),
        leaves={**exam.leaves, **leaves},
    )
