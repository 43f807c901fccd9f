"""``lm_eval.config.group``: a group's own keys as an object with attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from proctor.compat.errors import with_built_in
from proctor.compat.tasks.task_config import plain
from proctor.errors import UsageError


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
