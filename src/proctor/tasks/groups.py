"""What a group is, as a frozen value: its members and what it aggregates over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.errors import TaskError
from proctor.tasks.check import check_group


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateSpec:
    """One entry of a group's ``aggregate_metric_list``; ``filters`` None: all that the leaves have."""

    metric: str
    weight_by_size: bool
    filters: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """One group: its direct members' names and what it aggregates."""

    name: str
    alias: str
    version: str
    members: tuple[str, ...]
    aggregates: tuple[AggregateSpec, ...]


def build_group(node: Any) -> GroupSpec:
    """Check a group's own keys and build its spec, or raise :class:`TaskError` with all its errors."""
    errors = check_group(node)
    if errors:
        raise TaskError(errors)
    config = node.config
    entries = config.get("aggregate_metric_list") or ()
    entries = (entries,) if isinstance(entries, Mapping) else entries
    metadata = config.get("metadata")
    version = metadata.get("version") if isinstance(metadata, Mapping) else None
    return GroupSpec(
        name=node.name,
        alias=str(config.get("group_alias") or node.name),
        version="N/A" if version is None else str(version),
        members=tuple(member.name for member in node.members),
        aggregates=tuple(_aggregate_spec(entry) for entry in entries),
    )


def _aggregate_spec(entry: Mapping[str, Any]) -> AggregateSpec:
    filters = entry.get("filter_list")
    return AggregateSpec(
        metric=str(entry["metric"]),
        # lm-eval tests for truth: "truez" weighs.
        weight_by_size=bool(entry.get("weight_by_size", True)),
        filters=None if filters is None else (filters,) if isinstance(filters, str) else tuple(filters),
    )
