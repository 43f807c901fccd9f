"""The loggers that send results to a service: not supported yet, and saying so."""

from __future__ import annotations

from typing import Any

from proctor.errors import UsageError


class _Absent:
    """A logger that cannot be had yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UsageError(
            f"{type(self).__name__} is not supported yet.",
            hint="EvaluationTracker(output_path=...) writes the files that could be sent there.",
        )


class WandbLogger(_Absent):
    """Weights & Biases: not supported yet."""


class TrackioLogger(_Absent):
    """Trackio: not supported yet."""
