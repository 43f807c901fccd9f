"""The value that measuring and aggregating share, so that neither needs the tables of names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class MetricUse:
    """One metric of one task, ready to be computed.

    ``function`` is None where a document is measured otherwise: by the output type, or by the
    task's ``process_results``. ``aggregation_name`` is None for a function of the task's own.
    """

    name: str
    function: Callable[..., Any] | None
    aggregation: Callable[..., Any]
    aggregation_name: str | None
    higher_is_better: bool | None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
