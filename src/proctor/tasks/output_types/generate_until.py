"""``generate_until``: text that a model writes after the prompt, compared with the target."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import DataError
from proctor.messages import Prompt
from proctor.metrics.text import measure_text
from proctor.tasks.example import Ask, AskResult, Example, Variant, values_of
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext
from proctor.types import Generate


class GenerateUntilOutput(OutputType):
    """One request: what follows the prompt."""

    name = measured_as = "generate_until"
    default_metrics = ("exact_match",)
    required_keys = ("doc_to_text",)
    target_use = TargetUse.COMPARED
    has_prompt = True
    generates = True

    def asks(
        self, task: TaskContext, example: Example, variant: int, contexts: Sequence[Prompt], *, chat: bool
    ) -> tuple[Ask, ...]:
        """The prompt, with generation arguments of its own."""
        # A copy for each document: code of a task or of a model may change what it is given.
        return (Ask(variant, "prompt", Generate(contexts[0], copy.deepcopy(dict(task.spec.generation or {})))),)

    def measure(
        self, task: TaskContext, example: Example, variant: int, results: Sequence[AskResult]
    ) -> Mapping[str, Any]:
        """The values of the generated text against the gold."""
        shown = example.variants[variant]
        return measure_text(
            task.uses,
            gold=_gold_text(task, shown),
            result=values_of(results, "prompt")[0],
            multi_target=task.shape.multiple_target,
            cast=shown.options is None,
            derived=task.derived,
            strict=task.spec.strict,
        )

    def results_of(self, example: Example, values: Sequence[Any]) -> tuple[AskResult, ...]:
        """All values are those of the prompt."""
        return (AskResult("prompt", tuple(values)),)


def _gold_text(task: TaskContext, variant: Variant) -> Any:
    """What a generated text is compared with."""
    if task.wanted == {"bypass"}:
        return variant.gold
    if variant.gold is None:
        raise DataError("its target is null: there is nothing to compare the response with.")
    if variant.options is None:
        return variant.gold
    try:
        # lm-eval: where there are choices, the target is the number of the right one.
        return variant.options[variant.gold]
    except (TypeError, IndexError):
        raise DataError(
            f"doc_to_target must give the number of one of the choices, and gave {variant.gold!r}.",
            hint="Without doc_to_choice, the target is the text itself.",
        ) from None
