"""What several copies of a model report, put together as if one had responded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def merge_reports(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One report: numbers are added, mappings merged key by key; of the rest, the first that says something counts.

    Args:
        reports: As :meth:`proctor.models.protocols.Model.report` gives them, that of rank 0 first.
    """
    keys = dict.fromkeys(key for report in reports for key in report)
    return {key: _merge([report[key] for report in reports if key in report]) for key in keys}


def _merge(values: Sequence[Any]) -> Any:
    if all(isinstance(value, Mapping) for value in values):
        return merge_reports(values)
    # True counts as a number for Python: what is said of a way of scoring is not counted.
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return sum(values)
    return next((value for value in values if value), values[0])
