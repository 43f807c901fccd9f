"""What every output type must say and do."""

# One object for each output type
# -------------------------------
#   task file -- check --> spec -- bind --> document -- asks --> model -- responses -- filters --> metric values
#                  |                |             |                                      |
#            required_keys   default_metrics   asks()                                measure()
#                  target_use, has_prompt, generates: what the checks and ``preview`` may expect
#
# Why objects, and not a function with a branch per name at each of these places: there were 22 such branches in six
# files, and an output type that was forgotten in one of them fell through to the last branch without an error. Here
# Python refuses to make an object that lacks a method, and the facts have no default that could be wrong for a new one.
#
# Why facts (``has_prompt``) beside methods: checks and ``preview`` word their own messages, which are no business of
# the output type, but they must know what a target means before they can judge it.
#
# Invariant: an object has no state. What belongs to one task comes as a :class:`TaskContext`, what belongs to one
# document as an :class:`~proctor.tasks.example.Example`, so that one object serves all tasks of a run.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from proctor.errors import TaskError
from proctor.messages import Prompt
from proctor.metrics.base import MeasuredOutput, MetricUse
from proctor.metrics.tables import needs_unconditional
from proctor.tasks.example import Ask, AskResult, Example, TaskShape, Variant
from proctor.tasks.spec import TaskSpec


class TargetUse(Enum):
    """What the target of a document is for."""

    SCORED = "scored"
    """It is the text whose log-likelihood is computed."""
    OPTION = "option"
    """It names the right option, by position or text."""
    COMPARED = "compared"
    """It is the text that a generated text is compared with."""


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What an output type must know of the task.

    Attributes:
        spec: The task.
        shape: What its first document decided.
        uses: Its metrics.
        derived: Is given the metrics that a metric function names itself, as documents are measured.
        wanted: The names of ``uses``.
        unconditional: Whether one of them needs the log-likelihood of each option without context.
    """

    spec: TaskSpec
    shape: TaskShape
    uses: tuple[MetricUse, ...]
    derived: dict[str, MetricUse]
    wanted: frozenset[str]
    unconditional: bool = False

    @classmethod
    def of(
        cls, spec: TaskSpec, shape: TaskShape, uses: Sequence[MetricUse], derived: dict[str, MetricUse]
    ) -> TaskContext:
        """The context of a task with these metrics."""
        wanted = frozenset(use.name for use in uses)
        return cls(spec, shape, tuple(uses), derived, wanted, needs_unconditional(wanted))


class OutputType(ABC):
    """One output type; an object of it is a row of :data:`~proctor.tasks.output_types.table.OUTPUT_TYPES`.

    Attributes:
        name: As ``output_type`` of a task file names it.
        default_metrics: The metrics of a task that lists none. Source: lm-eval's ``DEFAULT_METRIC_REGISTRY``.
        measured_as: Under which name the rows of metrics say how they score its documents
            (:attr:`proctor.metrics.base.Metric.measures`): its own, or that of the output type whose metrics it shares.
        required_keys: Keys that a task file must have.
        target_use: What a document's target is for.
        has_prompt: Whether documents have a prompt at all, hence few-shot examples; else the target is all there is.
        generates: Whether responses are generated texts, hence ``generation_kwargs`` count.
    """

    name: ClassVar[str]
    default_metrics: ClassVar[tuple[str, ...]]
    measured_as: ClassVar[str]
    required_keys: ClassVar[tuple[str, ...]]
    target_use: ClassVar[TargetUse]
    has_prompt: ClassVar[bool]
    generates: ClassVar[bool]

    @property
    def has_options(self) -> bool:
        """Whether a document's options are scored, one of which is right."""
        return self.target_use is TargetUse.OPTION

    @property
    def measured(self) -> MeasuredOutput:
        """What metrics must know of it."""
        return MeasuredOutput(self.measured_as, self.generates)

    def missing_key(self, key: str) -> str:
        """The sentence about a task file without one of the required keys."""
        return f"{key} is missing; a task of output_type {self.name} needs it."

    @abstractmethod
    def asks(
        self, task: TaskContext, example: Example, variant: int, contexts: Sequence[Prompt], *, chat: bool
    ) -> tuple[Ask, ...]:
        """Build the requests of one variant of a document, with their roles.

        Args:
            task: Its task.
            example: The document.
            variant: The number of the variant.
            contexts: Its rendered prompts, one for each of the variant's ``contexts``; chats only where texts are
                generated.
            chat: Whether they were rendered with a chat template.

        Raises:
            TaskError: There is nothing that could be requested.
        """

    @abstractmethod
    def measure(
        self, task: TaskContext, example: Example, variant: int, results: Sequence[AskResult]
    ) -> Mapping[str, Any]:
        """Compute the metric values of one variant of a document.

        Args:
            task: Its task.
            example: The document.
            variant: The number of the variant.
            results: What filters left of the responses to its asks.

        Raises:
            DataError: The document has no gold that could be compared with.
        """

    @abstractmethod
    def results_of(self, example: Example, values: Sequence[Any]) -> tuple[AskResult, ...]:
        """Give roles to the values of the canonical variant that Python code of lm-eval's interface hands over.

        That interface passes one flat list, made by requests that the code may have built itself: nothing but the
        number of options is known. A run of ours has the roles and never comes here.

        Args:
            example: The document.
            values: One value for each instance.
        """

    def golds(self, variant: Variant) -> tuple[int, ...]:
        """The positions of the right options, from 0; none where there are no options or the gold is none of them."""
        return ()


def text_to_score(task: TaskContext, example: Example) -> str:
    """The target as the text that is scored.

    Raises:
        TaskError: It is null. ``str(None)`` would be scored like any other text, and nobody would see it.
    """
    if example.target is None:
        message = f"doc_to_target gave nothing (null) on document {example.doc_id}: there is no text to score."
        raise TaskError(task.spec.error(message, "doc_to_target"))
    return str(example.target)
