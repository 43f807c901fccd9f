"""``loglikelihood_rolling``: how probable a whole text is, from its first token on; there is no prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.messages import Prompt
from proctor.metrics.perplexity import measure_rolling
from proctor.tasks.example import Ask, AskResult, Example, values_of
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext, text_to_score
from proctor.types import Rolling


class RollingOutput(OutputType):
    """One request: the text that doc_to_target gives."""

    name = measured_as = "loglikelihood_rolling"
    default_metrics = ("word_perplexity", "byte_perplexity", "bits_per_byte")
    required_keys = ("doc_to_target",)
    target_use = TargetUse.SCORED
    has_prompt = False
    generates = False

    def asks(
        self, task: TaskContext, example: Example, variant: int, contexts: Sequence[Prompt], *, chat: bool
    ) -> tuple[Ask, ...]:
        """The text, without any prompt."""
        return (Ask(variant, "text", Rolling(text_to_score(task, example))),)

    def measure(
        self, task: TaskContext, example: Example, variant: int, results: Sequence[AskResult]
    ) -> Mapping[str, Any]:
        """The values of its log-likelihood, each with its weight."""
        return measure_rolling(values_of(results, "text")[0], str(example.target), task.wanted)

    def results_of(self, example: Example, values: Sequence[Any]) -> tuple[AskResult, ...]:
        """All values are those of the text."""
        return (AskResult("text", tuple(values)),)
