"""What was selected, as specs: tasks once each in load order, groups children first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.errors import Finding, TaskError
from proctor.tasks.build_spec import build_task
from proctor.tasks.groups import GroupSpec, build_group
from proctor.tasks.select import GroupNode, TaskNode
from proctor.tasks.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks and groups of a run. ``leaves``: every task under a group; one reached by two ways counts twice."""

    tasks: tuple[TaskSpec, ...]
    groups: tuple[GroupSpec, ...]
    leaves: Mapping[str, tuple[str, ...]]


def build_suite(nodes: Sequence[TaskNode | GroupNode], metadata: Mapping[str, Any] | None = None) -> Suite:
    """Check and build every selected task and group; all their errors are raised at once.

    A task that is selected twice, alone and within a group, is built once.
    """
    tasks: dict[str, TaskSpec] = {}
    groups: dict[str, GroupSpec] = {}
    leaves: dict[str, tuple[str, ...]] = {}
    errors: list[Finding] = []
    seen: set[str] = set()
    # Children first: a group's errors read better after those of its tasks, and aggregation goes upwards in this order.
    for node in _post_order(nodes):
        if node.name in seen:
            continue
        seen.add(node.name)
        try:
            if isinstance(node, GroupNode):
                groups[node.name] = build_group(node)
                leaves[node.name] = tuple(leaf.name for leaf in _leaves(node))
            else:
                tasks[node.name] = build_task(node, metadata)
        except TaskError as error:
            errors.extend(error.errors)
    if errors:
        raise TaskError(list(dict.fromkeys(errors)))
    return Suite(tuple(tasks.values()), tuple(groups.values()), leaves)


def _post_order(nodes: Iterable[TaskNode | GroupNode]) -> Iterable[TaskNode | GroupNode]:
    for node in nodes:
        if isinstance(node, GroupNode):
            yield from _post_order(node.members)
        yield node


def _leaves(group: GroupNode) -> Iterable[TaskNode]:
    # lm-eval: equal siblings are one, equal tasks of two subgroups are two.
    for member in {member.name: member for member in group.members}.values():
        if isinstance(member, GroupNode):
            yield from _leaves(member)
        else:
            yield member
