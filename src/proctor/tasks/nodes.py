"""What selecting gives: tasks and groups as a tree, each with its configuration and where every key stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from proctor.refs import Ref
from proctor.tasks.source_map import KeyPath, Location


@dataclass(frozen=True, slots=True)
class TaskNode:
    """One task to run. ``config``: its keys with includes and overrides, references not yet resolved."""

    name: str
    config: Mapping[str, Any]
    places: Mapping[KeyPath, Location]
    file: str | None

    def leaves(self) -> Iterator[TaskNode]:
        """The task itself."""
        yield self


@dataclass(frozen=True, slots=True)
class GroupNode:
    """A group and its direct members, each name once. ``config``: the group's own keys."""

    name: str
    config: Mapping[str, Any]
    members: tuple[TaskNode | GroupNode, ...]
    places: Mapping[KeyPath, Location]
    file: str | None

    def leaves(self) -> Iterator[TaskNode]:
        """The tasks below, in order; one that two subgroups share comes twice."""
        for member in self.members:
            yield from member.leaves()


Node: TypeAlias = TaskNode | GroupNode


def differing_keys(one: TaskNode, other: TaskNode) -> list[str]:
    """The keys in which two configurations of one name differ, but for how the task is shown."""
    if one.config == other.config:
        return []
    # An alias changes how a task is shown in its group and nothing that is computed.
    keys = [key for key in (one.config.keys() | other.config.keys()) if key != "task_alias"]
    return sorted(key for key in keys if _plain(one.config.get(key)) != _plain(other.config.get(key)))


def _plain(value: Any) -> Any:
    """A value in which references are compared by what they mean, not by where they are written."""
    if isinstance(value, Ref):
        return (value.folder, value.name)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
