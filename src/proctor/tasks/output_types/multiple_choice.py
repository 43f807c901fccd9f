"""``multiple_choice``: which of a document's options is the most probable one after the prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import TaskError
from proctor.messages import Prompt, prompt_text
from proctor.metrics.choice import OUT_OF_RANGE, measure_choice, measure_chosen, resolve_gold
from proctor.tasks.example import Ask, AskResult, AskRole, Example, Variant
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext
from proctor.tasks.spec import TaskSpec
from proctor.types import Loglikelihood


class MultipleChoiceOutput(OutputType):
    """One request with all options as continuations; or one for each option, where options are contexts."""

    name = measured_as = "multiple_choice"
    default_metrics = ("acc", "acc_norm")
    required_keys = ("doc_to_text", "doc_to_target", "doc_to_choice")
    target_use = TargetUse.OPTION
    has_prompt = True
    generates = False

    def asks(
        self, task: TaskContext, example: Example, variant: int, contexts: Sequence[Prompt], *, chat: bool
    ) -> tuple[Ask, ...]:
        """The options after the prompt; if a metric needs that, also without it."""
        shown = example.variants[variant]
        if not shown.options:
            raise TaskError(task.spec.error(self.missing_key("doc_to_choice"), "output_type"))
        delimiter = option_delimiter(task.spec, chat=chat)
        options = tuple([f"{delimiter}{option}" for option in shown.options])
        if task.shape.multiple_input:
            continuation = (f"{delimiter}{example.target}",)
            asks = [Ask(variant, "option", Loglikelihood(prompt_text(context), continuation)) for context in contexts]
        else:
            asks = [Ask(variant, "option", Loglikelihood(prompt_text(contexts[0]), options))]
        if task.unconditional:
            asks.append(Ask(variant, "unconditional", Loglikelihood("", options)))
        return tuple(asks)

    def measure(
        self, task: TaskContext, example: Example, variant: int, results: Sequence[AskResult]
    ) -> Mapping[str, Any]:
        """The values of the options' log-likelihoods."""
        shown = example.variants[variant]
        options = shown.options or ()
        if results and results[0].role == "choice":
            # Value: (position or None, how it was found, ...), see proctor.types.Choice.
            return measure_chosen(results[0].values[0][0], len(options), resolve_gold(shown.gold, options), task.wanted)
        lls: dict[AskRole, list[float]] = {"option": [], "unconditional": []}
        # lm-eval: those without the prompt come after the options', and a gold of -1 means the last of all.
        greedy: list[bool] = []
        for result in results:
            lls[result.role] += [float(value[0]) for value in result.values]
            greedy += [bool(value[1]) for value in result.values]
        return measure_choice(
            lls=lls["option"],
            greedy=greedy,
            choices=options,
            gold=resolve_gold(shown.gold, options),
            unconditional=lls["unconditional"] or None,
            wanted=task.wanted,
            strict=task.spec.strict,
        )

    def results_of(self, example: Example, values: Sequence[Any]) -> tuple[AskResult, ...]:
        """As many values as options are those of the options; a second half of that length is without the prompt."""
        count = len(example.canonical.options or ())
        options, rest = AskResult("option", tuple(values[:count])), tuple(values[count:])
        return (options, AskResult("unconditional", rest)) if len(rest) == count else (options,)

    def golds(self, variant: Variant) -> tuple[int, ...]:
        """Those that the gold names, by position or text."""
        options = variant.options or ()
        gold = resolve_gold(variant.gold, options)
        positions = gold if isinstance(gold, tuple) else (gold,)
        return tuple(position % len(options) for position in positions if position != OUT_OF_RANGE)


def option_delimiter(spec: TaskSpec, *, chat: bool) -> str:
    """What stands between context and option.

    lm-eval: nothing under a chat template, unless a gen_prefix without trailing space opens the response.
    """
    if not chat:
        return spec.prompt.target_delimiter
    prefix = spec.prompt.gen_prefix
    return spec.prompt.target_delimiter if prefix and not prefix[-1].isspace() else ""
