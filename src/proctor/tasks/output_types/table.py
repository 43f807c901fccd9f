"""The table of output types, and what a task is that names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.tasks.output_types.base import OutputType
from proctor.tasks.output_types.generate_until import GenerateUntilOutput
from proctor.tasks.output_types.loglikelihood import LoglikelihoodOutput
from proctor.tasks.output_types.loglikelihood_rolling import RollingOutput
from proctor.tasks.output_types.multiple_choice import MultipleChoiceOutput
from proctor.tasks.spec import TaskSpec

_ROWS: tuple[OutputType, ...] = (
    LoglikelihoodOutput(),
    MultipleChoiceOutput(),
    RollingOutput(),
    GenerateUntilOutput(),
)

OUTPUT_TYPES: Mapping[str, OutputType] = {row.name: row for row in _ROWS}
"""By name, in the order in which messages list them."""

DEFAULT_OUTPUT_TYPE = GenerateUntilOutput.name
"""That of a task file without ``output_type``. Source: lm-eval's ``TaskConfig``."""


def output_type_name(config: Mapping[str, Any]) -> str:
    """The name in a task's configuration, which may be no row's, or the default."""
    return str(config.get("output_type") or DEFAULT_OUTPUT_TYPE)


def output_type_of(spec: TaskSpec) -> OutputType:
    """The output type of a checked task."""
    return OUTPUT_TYPES[spec.output]
