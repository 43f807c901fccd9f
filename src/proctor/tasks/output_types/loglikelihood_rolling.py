"""``loglikelihood_rolling``: how probable a whole text is, from its first token on; there is no prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.metrics.perplexity import measure_rolling
from proctor.tasks.example import Example
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext, text_to_score
from proctor.types import Request, Rolling


class RollingOutput(OutputType):
    """One request: the text that doc_to_target gives."""

    name = "loglikelihood_rolling"
    default_metrics = ("word_perplexity", "byte_perplexity", "bits_per_byte")
    required_keys = ("doc_to_target",)
    target_use = TargetUse.SCORED
    has_prompt = False
    generates = False

    def requests(
        self, task: TaskContext, example: Example, contexts: Sequence[str], *, chat: bool
    ) -> tuple[Request, ...]:
        """The text, without any prompt."""
        return (Rolling(text_to_score(task, example)),)

    def measure(self, task: TaskContext, example: Example, results: Sequence[Any]) -> Mapping[str, Any]:
        """The values of its log-likelihood, each with its weight."""
        return measure_rolling(results[0], str(example.target), task.wanted)
