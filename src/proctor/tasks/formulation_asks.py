"""The requests of a document in another formulation, and what came of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.answers import find_answer
from proctor.messages import Prompt, prompt_text
from proctor.records import FormulationOutcome
from proctor.tasks.choice_search import UNCONDITIONAL
from proctor.tasks.example import Ask, AskResult, Formulation, Variant, values_of
from proctor.tasks.formulations import TASK
from proctor.tasks.output_types.base import TaskContext
from proctor.tasks.output_types.multiple_choice import option_delimiter
from proctor.types import Generate, Loglikelihood, Response, Scores, Text


def formulation_asks(
    task: TaskContext, number: int, variant: Variant, context: Prompt, generation: Mapping[str, Any], *, chat: bool
) -> tuple[Ask, ...]:
    """The requests of one variant in another formulation than the task's own.

    Args:
        task: Its task.
        number: The number of the variant.
        variant: The variant.
        context: Its rendered prompt.
        generation: The settings with which an answer is written.
        chat: Whether the prompt was rendered with a chat template.
    """
    mark = variant.formulation
    if mark is None:
        raise ValueError("This variant is no formulation.")
    if mark.name == "generate":
        return (Ask(number, "prompt", Generate(context, dict(generation))),)
    delimiter = option_delimiter(task.spec, chat=chat)
    options = tuple([f"{delimiter}{option}" for option in variant.options or ()])
    asks: list[Ask] = []
    # The texts after the question are what a task whose own formulation this is has requested already.
    if not (mark.name == mark.own == "text"):
        asks.append(Ask(number, "option", Loglikelihood(prompt_text(context), options)))
    if mark.name == "text":
        if mark.own != "text" or not task.unconditional:
            asks.append(Ask(number, "unconditional", Loglikelihood("", options)))
        asks.append(Ask(number, "neutral", Loglikelihood(_neutral(task), options)))
    return tuple(asks)


def _neutral(task: TaskContext) -> str:
    choices = task.spec.metadata.get("choices")
    return choices.get("unconditional", UNCONDITIONAL) if isinstance(choices, Mapping) else UNCONDITIONAL


def read_response(ask: Ask, response: Response) -> AskResult:
    """A response with the part of its request; of a text also why it ended, which decides how it is read.

    Args:
        ask: The request.
        response: The response.
    """
    values = ((response.text, response.finish),) if isinstance(response, Text) else response.values
    return AskResult(ask.role, values)


def option_tokens(mark: Formulation, asks: Sequence[Ask], responses: Sequence[Response]) -> tuple[int, ...]:
    """How many tokens the text of each option has, as it was scored.

    Args:
        mark: The formulation.
        asks: Its requests.
        responses: The response to each.

    Returns:
        Nothing where texts are not what is scored, or the model does not know.
    """
    if mark.name != "text" and not (mark.name == TASK and mark.own == "text"):
        return ()
    counts: list[int] = []
    for ask, response in zip(asks, responses, strict=True):
        if ask.role == "option":
            counts += (response.tokens or ()) if isinstance(response, Scores) else ()
    return tuple(counts) if len(counts) == len(mark.texts) else ()


def formulation_outcome(
    mark: Formulation, results: Sequence[AskResult], tokens: Sequence[int] = ()
) -> FormulationOutcome | None:
    """What one formulation of a document gave.

    Args:
        mark: The formulation.
        results: The responses to its requests; of a written answer the text and why it ended.
        tokens: From :func:`option_tokens`.

    Returns:
        None where the values are not those of options (a filter of the task made others).
    """
    facts = (mark.name, mark.own, mark.labels, mark.texts, mark.golds)
    written, picked = values_of(results, "prompt"), values_of(results, "choice")
    try:
        if written:
            text, finish = written[0]
            return FormulationOutcome(*facts, find_answer(text, mark.labels, mark.texts, finish).index)
        if picked:
            return FormulationOutcome(*facts, picked[0][0])
        lls, bare, neutral = (_scores(results, role) for role in ("option", "unconditional", "neutral"))
        greedy = tuple([bool(value[1]) for value in values_of(results, "option")])
    except (IndexError, TypeError, ValueError):
        return None
    count = len(mark.texts)
    chosen = _chosen(lls, count)
    return FormulationOutcome(*facts, chosen, lls[:count], greedy[:count], bare[:count], neutral[:count], tuple(tokens))


def _scores(results: Sequence[AskResult], role: Any) -> tuple[float, ...]:
    return tuple([float(value[0]) for value in values_of(results, role)])


def _chosen(lls: Sequence[float], count: int) -> int | None:
    """The first of the highest; None where one is NaN, or a label won that no option has (E of four)."""
    if not lls or any(map(math.isnan, lls)):
        return None
    best = lls.index(max(lls))
    return best if best < count else None


def formulation_metrics(outcome: FormulationOutcome) -> Mapping[str, float]:
    """What a line of the samples file says of a document in another formulation: ``acc_letter`` and its kin.

    Args:
        outcome: What it gave.
    """
    if not outcome.lls and outcome.name != "generate":
        return {}
    return {f"acc_{outcome.name}": outcome.right}
