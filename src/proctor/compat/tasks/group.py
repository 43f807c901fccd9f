"""``lm_eval.api.group`` and ``lm_eval.config.group``: a group of tasks and groups as a container, and its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from proctor.compat.errors import with_built_in
from proctor.compat.tasks.base import Task
from proctor.compat.tasks.task_config import plain
from proctor.errors import UsageError
from proctor.results.schema import group_entry
from proctor.run.aggregate import group_results
from proctor.run_result import TaskResult, Value
from proctor.tasks.groups import AggregateSpec, GroupSpec


@dataclass
class AggMetricConfig:
    """One score of a group; ``filter_list`` None: every pipeline that its tasks have."""

    metric: str
    filter_list: list[str] | str | None = None
    aggregation: str | Callable[..., Any] = "mean"
    weight_by_size: bool = True

    def __post_init__(self) -> None:
        if self.aggregation != "mean" and not callable(self.aggregation):
            raise with_built_in(
                UsageError(f"{self.aggregation!r}: 'mean' is the only pre-defined aggregation of groups.")
            )
        if isinstance(self.filter_list, str):
            self.filter_list = [self.filter_list]


@dataclass
class GroupConfig:
    """The keys that are the group's own; ``task`` and ``aggregate_metric_list`` become lists."""

    group: str
    group_alias: str | None = None
    task: Any = None
    aggregate_metric_list: Any = None
    metadata: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        # As a task file is read: one member need not stand in a list.
        if isinstance(self.task, str):
            self.task = [self.task]
        entries = self.aggregate_metric_list
        if isinstance(entries, (Mapping, AggMetricConfig)):
            entries = [entries]
        if entries is not None:
            self.aggregate_metric_list = [
                AggMetricConfig(**entry) if isinstance(entry, Mapping) else entry for entry in entries
            ]

    def to_dict(self, keep_callable: bool = False) -> dict[str, Any]:
        """All keys."""
        return {key: plain(value, keep_callable) for key, value in asdict(self).items()}


@dataclass
class Group:
    """Tasks and groups by their names, and what is aggregated over them."""

    name: str
    alias: str | None = None
    aggregate_metric_list: list[AggMetricConfig] | None = None
    metadata: dict[str, Any] | None = None
    _children: dict[str, Any] = field(default_factory=dict, repr=False)
    _config: GroupConfig | None = field(default=None, repr=False)

    def add(self, item: Task | Group) -> None:
        """Add a task or group under its name."""
        self._children[item.name if isinstance(item, Group) else item.task_name] = item

    def pop(self, name: str) -> Any:
        """Take a child out; None if there is none of that name."""
        return self._children.pop(name, None)

    def get(self, name: str) -> Any:
        """A child, or None."""
        return self._children.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def __iter__(self) -> Iterator[Any]:
        return iter(self._children.values())

    def __len__(self) -> int:
        return len(self._children)

    def get_all_tasks(self, recursive: bool = True) -> list[Task]:
        """The tasks below, those of subgroups if ``recursive``."""
        tasks: list[Task] = []
        for child in self:
            if isinstance(child, Group):
                tasks += child.get_all_tasks() if recursive else []
            else:
                tasks.append(child)
        return tasks

    def get_all_groups(self, recursive: bool = True) -> list[Group]:
        """The groups below, each before its own."""
        groups: list[Group] = []
        for child in self:
            if isinstance(child, Group):
                groups += [child, *(child.get_all_groups() if recursive else [])]
        return groups

    @property
    def child_names(self) -> list[str]:
        """Names of the direct children."""
        return list(self._children)

    @property
    def version(self) -> str:
        """The version that its metadata says."""
        return str((self.metadata or {}).get("version", "N/A"))

    @property
    def has_aggregation(self) -> bool:
        """Whether it has scores of its own."""
        return bool(self.aggregate_metric_list)

    def aggregate(self, task_metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Its scores from those of the tasks below it, in the form that results have."""
        names = [task.task_name for task in self.get_all_tasks()]
        measured = {name: _as_result(name, task_metrics[name]) for name in names if name in task_metrics}
        # The formulas of a run, so that a script that aggregates itself gets the same last digit.
        (made,) = group_results([group_spec(self.name, self)], {self.name: names}, measured)
        return group_entry(made)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}: {len(self)} members, {', '.join(self.child_names)})"

    def to_dict(self) -> dict[str, Any]:
        """Its configuration."""
        if self._config:
            return self._config.to_dict()
        own = {
            "group": self.name,
            "task": self.child_names,
            "group_alias": self.alias,
            "aggregate_metric_list": [asdict(entry) for entry in self.aggregate_metric_list or ()],
            "metadata": self.metadata,
        }
        return {key: value for key, value in own.items() if value}

    @classmethod
    def from_config(cls, config: GroupConfig | Mapping[str, Any]) -> Group:
        """A group without children."""
        own = config if isinstance(config, GroupConfig) else GroupConfig(**config)
        return Group(own.group, own.group_alias, own.aggregate_metric_list, own.metadata, _config=own)


def _as_result(name: str, scores: Mapping[str, Any]) -> TaskResult:
    """One task's scores, in the form that results have, as they are aggregated."""
    values: dict[tuple[str, str], Value] = {}
    for key, value in scores.items():
        metric, comma, pipeline = key.partition(",")
        if comma and not metric.endswith("_stderr"):
            error = scores.get(f"{metric}_stderr,{pipeline}")
            values[metric, pipeline] = Value(value, None if error == "N/A" else error)
    size = scores.get("sample_len", 0)
    return TaskResult(name, name, None, 0, size, size, size, values, {}, {})


def group_spec(name: str, group: Any) -> GroupSpec:
    """A group object as proctor's runs take it."""
    entries = []
    for entry in group.aggregate_metric_list or ():
        filters = getattr(entry, "filter_list", None)
        names = (filters,) if isinstance(filters, str) else None if filters is None else tuple(filters)
        entries.append(AggregateSpec(metric=entry.metric, weight_by_size=bool(entry.weight_by_size), filters=names))
    return GroupSpec(
        name=name,
        alias=str(group.alias or name),
        version=group.version,
        members=tuple(group.child_names),
        aggregates=tuple(entries),
    )


class ConfigurableGroup(Group):
    """A group under its older name, made from a configuration."""

    def __init__(self, config: Mapping[str, Any] | GroupConfig | None = None) -> None:
        own = config if isinstance(config, GroupConfig) else GroupConfig(**(config or {}))
        self.group, self.group_name, self.group_alias = own.group, own.group, own.group_alias
        super().__init__(own.group, own.group_alias, own.aggregate_metric_list, own.metadata, _config=own)

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration."""
        return self.to_dict()

    @classmethod
    def from_group(cls, group: Group) -> ConfigurableGroup:
        """The same group under this class."""
        made = cls(GroupConfig(group.name, group.alias, None, group.aggregate_metric_list, group.metadata))
        made._children = group._children
        return made

    def __eq__(self, other: object) -> bool:
        return self.name == other.name if isinstance(other, ConfigurableGroup) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)
