"""What several copies of a model report, put together as if one had responded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LARGEST = "max_"
"""How the names of largest values begin: they are compared and not added."""


def merge_reports(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One report: counts are added, mappings merged key by key; of the rest, the first that says something counts.

    Args:
        reports: As :meth:`proctor.models.protocols.Model.report` gives them, that of rank 0 first.
    """
    keys = dict.fromkeys(key for report in reports for key in report)
    return {key: _merge(key, [report[key] for report in reports if key in report]) for key in keys}


def _merge(key: str, values: Sequence[Any]) -> Any:
    if all(isinstance(value, Mapping) for value in values):
        return merge_reports(values)
    known = [value for value in values if value is not None]
    # True counts as a number for Python: what is said of a way of scoring is not counted.
    numbers = [value for value in known if isinstance(value, int | float) and not isinstance(value, bool)]
    if known and len(numbers) == len(known):
        if key.startswith(LARGEST):
            return max(numbers)
        if all(isinstance(value, int) for value in numbers):
            return sum(numbers)
    return next((value for value in values if value), values[0])
