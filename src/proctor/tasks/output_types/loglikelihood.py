"""``loglikelihood``: how probable the target is after the prompt, and whether greedy decoding would give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.messages import Prompt, prompt_text
from proctor.metrics.perplexity import measure_loglikelihood
from proctor.tasks.example import Ask, AskResult, Example, values_of
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext, text_to_score
from proctor.types import Loglikelihood


class LoglikelihoodOutput(OutputType):
    """One request: the target after the prompt."""

    name = measured_as = "loglikelihood"
    default_metrics = ("perplexity", "acc")
    required_keys = ("doc_to_text", "doc_to_target")
    target_use = TargetUse.SCORED
    has_prompt = True
    generates = False

    def asks(
        self, task: TaskContext, example: Example, variant: int, contexts: Sequence[Prompt], *, chat: bool
    ) -> tuple[Ask, ...]:
        """The target as it is after the prompt."""
        # lm-eval: the continuation is the target as it is, without target_delimiter.
        return (Ask(variant, "text", Loglikelihood(prompt_text(contexts[0]), (text_to_score(task, example),))),)

    def measure(
        self, task: TaskContext, example: Example, variant: int, results: Sequence[AskResult]
    ) -> Mapping[str, Any]:
        """The values of its log-likelihood, and of whether it is the greedy continuation."""
        logprob, greedy = values_of(results, "text")[0]
        return measure_loglikelihood(logprob, greedy, task.wanted)

    def results_of(self, example: Example, values: Sequence[Any]) -> tuple[AskResult, ...]:
        """All values are those of the text."""
        return (AskResult("text", tuple(values)),)
