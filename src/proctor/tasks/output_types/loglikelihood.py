"""``loglikelihood``: how probable the target is after the prompt, and whether greedy decoding would give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.metrics.perplexity import measure_loglikelihood
from proctor.tasks.example import Example
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext, text_to_score
from proctor.types import Loglikelihood, Request


class LoglikelihoodOutput(OutputType):
    """One request: the target after the prompt."""

    name = "loglikelihood"
    default_metrics = ("perplexity", "acc")
    required_keys = ("doc_to_text", "doc_to_target")
    target_use = TargetUse.SCORED
    has_prompt = True
    generates = False

    def requests(
        self, task: TaskContext, example: Example, contexts: Sequence[str], *, chat: bool
    ) -> tuple[Request, ...]:
        """The target as it is after the prompt."""
        # lm-eval: the continuation is the target as it is, without target_delimiter.
        return (Loglikelihood(contexts[0], (text_to_score(task, example),)),)

    def measure(self, task: TaskContext, example: Example, results: Sequence[Any]) -> Mapping[str, Any]:
        """The values of its log-likelihood, and of whether it is the greedy continuation."""
        logprob, greedy = results[0]
        return measure_loglikelihood(logprob, greedy, task.wanted)
