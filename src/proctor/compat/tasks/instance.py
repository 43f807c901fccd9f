"""One request to a model as lm-eval's task and model classes pass it around."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

OutputType: TypeAlias = Literal["loglikelihood", "multiple_choice", "loglikelihood_rolling", "generate_until"]
"""lm-eval's own; proctor's are the rows of :mod:`proctor.tasks.output_types`."""


@dataclass
class Instance:
    """What is asked, of which document, and what came back.

    ``metadata`` is ``(task name, document number, repeats)``; the three fields of those names are
    taken from it. ``resps``: one entry per repeat. ``filtered_resps``: one per filter pipeline.
    """

    request_type: OutputType
    doc: dict[str, Any]
    arguments: tuple[Any, ...]
    idx: int
    metadata: tuple[str | None, int | None, int | None] = (None, None, None)
    resps: list[Any] = field(default_factory=list)
    filtered_resps: dict[str, Any] = field(default_factory=dict)
    task_name: str | None = None
    doc_id: int | None = None
    repeats: int | None = None

    def __post_init__(self) -> None:
        # lm-eval: also where they were given as keywords.
        self.task_name, self.doc_id, self.repeats = self.metadata

    @property
    def args(self) -> tuple[Any, ...]:
        """The arguments as a tuple, a lone one wrapped."""
        return self.arguments if isinstance(self.arguments, tuple) else (self.arguments,)
