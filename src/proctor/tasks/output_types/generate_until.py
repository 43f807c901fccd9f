"""``generate_until``: text that a model writes after the prompt, compared with the target."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import DataError
from proctor.metrics.text import measure_text
from proctor.tasks.example import Example
from proctor.tasks.output_types.base import OutputType, TargetUse, TaskContext
from proctor.types import Generate, Request


class GenerateUntilOutput(OutputType):
    """One request: what follows the prompt."""

    name = "generate_until"
    default_metrics = ("exact_match",)
    required_keys = ("doc_to_text",)
    target_use = TargetUse.COMPARED
    has_prompt = True
    generates = True

    def requests(
        self, task: TaskContext, example: Example, contexts: Sequence[str], *, chat: bool
    ) -> tuple[Request, ...]:
        """The prompt, with generation arguments of its own."""
        # A copy for each document: code of a task or of a model may change what it is given.
        return (Generate(contexts[0], copy.deepcopy(dict(task.spec.generation or {}))),)

    def measure(self, task: TaskContext, example: Example, results: Sequence[Any]) -> Mapping[str, Any]:
        """The values of the generated text against the gold."""
        return measure_text(
            task.uses,
            gold=_gold_text(task, example),
            result=results[0],
            multi_target=task.shape.multiple_target,
            cast=example.choices is None,
            derived=task.derived,
            strict=task.spec.strict,
        )


def _gold_text(task: TaskContext, example: Example) -> Any:
    """What a generated text is compared with."""
    if task.wanted == {"bypass"}:
        return example.target
    if example.target is None:
        raise DataError("its target is null: there is nothing to compare the answer with.")
    if example.choices is None:
        return example.target
    try:
        # lm-eval: where there are choices, the target is the number of the right one.
        return example.choices[example.target]
    except (TypeError, IndexError):
        raise DataError(
            f"doc_to_target must give the number of one of the choices, and gave {example.target!r}.",
            hint="Without doc_to_choice, the target is the text itself.",
        ) from None
