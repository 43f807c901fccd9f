"""Whether a task can be put as questions with labelled options, and the request that does so."""

from __future__ import annotations

from typing import Literal

from proctor.errors import TaskError
from proctor.messages import Prompt
from proctor.metrics.tables import chosen_metrics
from proctor.tasks.choose import LabelledQuestion
from proctor.tasks.example import Ask
from proctor.tasks.output_types.base import TaskContext
from proctor.types import ChoiceRoute, Choose

_HINT = "A model that gives log-probabilities can be evaluated on it; or leave the task out."


def check_choosable(context: TaskContext) -> None:
    """Refuse tasks whose documents cannot be put as one question with labelled options.

    Raises:
        TaskError: Its scores need log-likelihoods, or its options are alternative contexts.
    """
    spec = context.spec
    if spec.process_results is not None:
        message = "process_results computes scores from log-likelihoods, which a model that chooses a label has not."
        raise TaskError(spec.error(message, "process_results", hint=_HINT))
    if context.shape.multiple_input:
        message = "its options are alternative contexts, which cannot be shown as one question with labelled options."
        raise TaskError(spec.error(message, "doc_to_choice", hint=_HINT))
    if not chosen_metrics(context.wanted):
        names = ", ".join(sorted(context.wanted)) or "none"
        message = f"its metrics ({names}) need log-likelihoods, which a model that chooses a label has not."
        raise TaskError(spec.error(message, "metric_list", hint=f"Add acc. {_HINT}"))


def choice_ask(variant: int, prompt: Prompt, question: LabelledQuestion, route: ChoiceRoute | Literal["auto"]) -> Ask:
    """The request to choose one of a variant's options.

    Args:
        variant: The number of the variant.
        prompt: Its rendered prompt.
        question: The options that the prompt shows.
        route: How the model is made to choose.
    """
    return Ask(variant, "choice", Choose(prompt, question.labels, question.options, route))
