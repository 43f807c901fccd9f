"""``multiple_choice``: which of a document's options is the most probable one after the prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import TaskError
from proctor.metrics.choice import OUT_OF_RANGE, measure_choice, resolve_gold
from proctor.metrics.tables import needs_unconditional
from proctor.tasks.example import Example
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext
from proctor.tasks.spec import TaskSpec
from proctor.types import Loglikelihood, Request


class MultipleChoiceOutput(OutputType):
    """One request with all options as continuations; or one for each option, where options are contexts."""

    name = "multiple_choice"
    default_metrics = ("acc", "acc_norm")
    required_keys = ("doc_to_text", "doc_to_target", "doc_to_choice")
    target_use = TargetUse.OPTION
    has_prompt = True
    generates = False

    def requests(
        self, task: TaskContext, example: Example, contexts: Sequence[str], *, chat: bool
    ) -> tuple[Request, ...]:
        """The options after the prompt; if a metric needs that, also without it."""
        if not example.choices:
            raise TaskError(task.spec.error(self.missing_key("doc_to_choice"), "output_type"))
        delimiter = option_delimiter(task.spec, chat=chat)
        options = tuple(f"{delimiter}{option}" for option in example.choices)
        if task.shape.multiple_input:
            continuation = (f"{delimiter}{example.target}",)
            requests = [Loglikelihood(context, continuation) for context in contexts]
        else:
            requests = [Loglikelihood(contexts[0], options)]
        if needs_unconditional(task.wanted):
            requests.append(Loglikelihood("", options))
        return tuple(requests)

    def measure(self, task: TaskContext, example: Example, results: Sequence[Any]) -> Mapping[str, Any]:
        """The values of the options' log-likelihoods."""
        choices = example.choices or ()
        lls = [float(value[0]) for value in results]
        has_unconditional = len(lls) == 2 * len(choices) and needs_unconditional(task.wanted)
        return measure_choice(
            lls=lls[: len(choices)],
            greedy=[bool(value[1]) for value in results],
            choices=choices,
            gold=_gold(task, example),
            unconditional=lls[len(choices) :] if has_unconditional else None,
            wanted=task.wanted,
            strict=task.spec.strict,
        )

    def golds(self, task: TaskContext, example: Example) -> tuple[int, ...]:
        """Those that the gold names, by position or text."""
        gold = _gold(task, example)
        positions = gold if isinstance(gold, tuple) else (gold,)
        count = len(example.choices or ())
        return tuple(position % count for position in positions if position != OUT_OF_RANGE)


def _gold(task: TaskContext, example: Example) -> int | tuple[int, ...]:
    # Where options are contexts, doc_to_text gives the number of the right one and doc_to_target what follows each.
    return resolve_gold(example.text if task.shape.multiple_input else example.target, example.choices or ())


def option_delimiter(spec: TaskSpec, *, chat: bool) -> str:
    """What stands between context and option.

    lm-eval: nothing under a chat template, unless a gen_prefix without trailing space opens the response.
    """
    if not chat:
        return spec.prompt.target_delimiter
    prefix = spec.prompt.gen_prefix
    return spec.prompt.target_delimiter if prefix and not prefix[-1].isspace() else ""
