"""``lm_eval.tasks``: ``TaskManager`` and ``get_task_dict``, over proctor's index of task files."""

from __future__ import annotations

import fnmatch
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

from proctor import alias
from proctor.compat.errors import raises_built_in
from proctor.compat.scripts.task_dicts import as_nested, name_of, refuse_doubles
from proctor.compat.tasks.base import Task
from proctor.compat.tasks.configurable import ConfigurableTask
from proctor.compat.tasks.group import Group
from proctor.errors import UsageError
from proctor.results.table import table_writer
from proctor.tasks.build_spec import build_task
from proctor.tasks.class_object import make_object
from proctor.tasks.fields import bind, bind_all
from proctor.tasks.index import TaskIndex, build_index
from proctor.tasks.select import GroupNode, TaskNode, select, select_values

log = logging.getLogger("proctor")


class Kind(Enum):
    """What a name stands for."""

    TASK = 1
    PY_TASK = 2
    GROUP = 3
    TAG = 4


@dataclass(frozen=True)
class Entry:
    """A name, what it stands for, and where it is defined."""

    name: str
    kind: Kind
    yaml_path: Path | None = None
    tags: frozenset[str] = frozenset()
    cfg: Mapping[str, Any] | None = None


class TaskDict(TypedDict):
    """What :meth:`TaskManager.load` returns: tasks and groups by name, and the children of each group."""

    tasks: dict[str, Any]
    groups: dict[str, Any]
    group_map: dict[str, list[str]]


class TaskManager:
    """Finds tasks by name and makes objects of them.

    ``include_path``: a folder or several, over the bundled tasks. ``metadata`` goes into every task.
    """

    @raises_built_in
    def __init__(
        self,
        verbosity: str | None = None,
        include_path: str | Path | Sequence[str | Path] | None = None,
        include_defaults: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        if verbosity:
            log.warning("TaskManager(verbosity=...) has no effect: set the level of the logger 'proctor'.")
        self.include_path = include_path
        self.metadata = metadata
        folders = [include_path] if isinstance(include_path, str | Path) else list(include_path or ())
        for folder in folders:
            alias.add_task_root(folder)
        # Once, when the manager is made, as in lm-eval: a file that is added later is not seen.
        self.index: TaskIndex = build_index(folders, defaults=include_defaults)

    @property
    def all_tasks(self) -> list[str]:
        """Every name: tasks, groups and tags."""
        return self.index.names

    @property
    def all_subtasks(self) -> list[str]:
        """Names of tasks."""
        return [entry.name for entry in self.index.of_kind("task")]

    @property
    def all_groups(self) -> list[str]:
        """Names of groups."""
        return [entry.name for entry in self.index.of_kind("group")]

    @property
    def all_tags(self) -> list[str]:
        """Names of tags."""
        return sorted(self.index.whole.tags)

    @cached_property
    def task_index(self) -> dict[str, Entry]:
        """Every name with what it stands for."""
        kinds = {("task", False): Kind.TASK, ("task", True): Kind.PY_TASK, ("group", False): Kind.GROUP}
        named = {
            entry.name: Entry(entry.name, kinds[entry.kind, entry.by_class], Path(entry.file), frozenset(entry.tags))
            for entry in self.index.whole.entries.values()
        }
        return {**{tag: Entry(tag, Kind.TAG) for tag in self.index.whole.tags}, **named}

    def match_tasks(self, task_list: Sequence[str]) -> list[str]:
        """Every name that one of these patterns matches, sorted."""
        patterns = [task_list] if isinstance(task_list, str) else task_list
        return sorted({name for pattern in patterns for name in fnmatch.filter(self.all_tasks, pattern)})

    @raises_built_in
    def load_config(self, config: Mapping[str, Any] | str) -> dict[str, Any]:
        """The whole configuration of one task: of a name, or a mapping as it is completed by the index."""
        leaves = [leaf for node in self._nodes(config) for leaf in node.leaves()]
        if len(leaves) != 1:
            raise UsageError(f"{config!r} is not one task.")
        return dict(leaves[0].config)

    @raises_built_in
    def load(self, task_list: Any) -> TaskDict:
        """Make the tasks and groups that names, configurations and objects stand for; data is loaded."""
        items = list(task_list) if isinstance(task_list, Sequence) and not isinstance(task_list, str) else [task_list]
        made: dict[str, Any] = {}
        built = [one for item in items for one in self._build(item, made)]
        tasks: dict[str, Any] = {}
        groups: dict[str, Any] = {}
        for one in built:
            below = [one, *one.get_all_groups()] if isinstance(one, Group) else []
            groups.update({group.name: group for group in below})
            leaves = one.get_all_tasks() if isinstance(one, Group) else [one]
            tasks.update({name_of(task): task for task in leaves})
        return {"tasks": tasks, "groups": groups, "group_map": {name: g.child_names for name, g in groups.items()}}

    @raises_built_in
    def load_task_or_group(self, task_list: Any) -> dict[Any, Any]:
        """The older form of :meth:`load`: groups as keys, the tasks below them as mappings."""
        items = [task_list] if isinstance(task_list, str | Mapping) else list(task_list)
        made: dict[str, Any] = {}
        nested: dict[Any, Any] = {}
        for item in reversed(items):  # lm-eval: what is named last comes first.
            for one in self._build(item, made):
                nested.update(as_nested(one))
        return nested

    def list_all_tasks(self, list_groups: bool = True, list_tags: bool = True, list_subtasks: bool = True) -> str:
        """Tables of all names, in Markdown."""
        tables = [
            (list_groups, ["Group", "Config Location"], [[e.name, e.file] for e in self.index.of_kind("group")]),
            (list_tags, ["Tag"], [[tag] for tag in self.all_tags]),
            (
                list_subtasks,
                ["Task", "Config Location", "Output Type"],
                [[e.name, e.file, e.output_type or ""] for e in self.index.of_kind("task")],
            ),
        ]
        return "\n" + "".join(f"{_table(headers, rows)}\n\n" for wanted, headers, rows in tables if wanted)

    def _nodes(self, item: Any) -> Sequence[TaskNode | GroupNode]:
        if isinstance(item, str | Path):
            return select(self.index, [str(item)]).nodes
        if isinstance(item, Mapping):
            return select_values(self.index, item).nodes
        raise UsageError(f"{item!r} is no task: give a name, a configuration as a mapping, or a Task object.")

    def _build(self, item: Any, made: dict[str, Any]) -> list[Any]:
        if isinstance(item, Task | Group):
            return [item]
        return [self._make(node, made) for node in self._nodes(item)]

    def _make(self, node: TaskNode | GroupNode, made: dict[str, Any]) -> Any:
        """The object of a node; a task that stands in two places is one object."""
        if isinstance(node, TaskNode):
            # One object for a task of two groups: its requests are made once.
            if node.name not in made:
                made[node.name] = self._make_task(node)
            return made[node.name]
        own = {key: bind(value) for key, value in node.config.items()}
        if self.metadata:
            own["metadata"] = {**(own.get("metadata") or {}), **self.metadata}
        group = Group.from_config(own)
        for member in node.members:
            group.add(self._make(member, made))
        return group

    def _make_task(self, node: TaskNode) -> Any:
        # Loading checks less than a run: lm-eval makes objects of tasks that it could not ask.
        spec = build_task(node, self.metadata, to_evaluate=False)
        if spec.made_by is not None:
            return make_object(spec)
        return ConfigurableTask(config={**bind_all(spec.raw), "metadata": dict(spec.metadata)})


def _table(headers: list[str], rows: list[list[str]]) -> str:
    writer = table_writer()
    writer.headers, writer.value_matrix = headers, rows
    return writer.dumps()


def get_task_name_from_config(task_config: Mapping[str, Any]) -> str:
    """The name in a configuration, else that of its data set."""
    if "task" in task_config:
        return task_config["task"]
    if "dataset_path" not in task_config:
        raise UsageError("The configuration has no name: it says neither 'task' nor 'dataset_path'.")
    keys = [key for key in ("dataset_path", "dataset_name") if key in task_config]
    return "_".join(str(task_config[key]) for key in keys)


@raises_built_in
def get_task_dict(task_name_list: Any, task_manager: TaskManager | None = None) -> dict[Any, Any]:
    """Tasks by name, and groups as keys of what is below them: from names, configurations and objects."""
    items = [task_name_list] if isinstance(task_name_list, str | Mapping) else list(task_name_list)
    task_dict = (task_manager or TaskManager()).load_task_or_group(items)
    refuse_doubles(task_dict)
    return task_dict
