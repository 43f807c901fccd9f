"""The turns of a document's prompt and of its few-shot examples, from what the task's fields gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor.errors import TaskError, error_text, value_text
from proctor.messages import Message
from proctor.tasks.choose import labelled_question
from proctor.tasks.example import TaskShape
from proctor.tasks.fields import Fields
from proctor.tasks.prompt import ChoiceIndexError, PromptStyle, answer_text, check_position, join, turns
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc


def system_turns(spec: TaskSpec, style: PromptStyle, description: str | None) -> tuple[Message, ...]:
    """What stands before all examples: nothing, or one turn."""
    system = join(style.system_instruction, description, spec.prompt.fewshot_delimiter)
    # lm-eval: the system instruction of the run and the task's description are one system message.
    return (Message("system", system),) if system else ()


def open_turns(
    spec: TaskSpec,
    shape: TaskShape,
    before: Sequence[Message],
    text: Any,
    choices: Sequence[str] | None,
    gen_prefix: str | None,
    *,
    doc_id: int | None = None,
) -> tuple[tuple[Message, ...], ...]:
    """The turns of a document's prompts: one, or one for each option where the options are contexts.

    Args:
        spec: The task.
        shape: What its first document decided.
        before: The turns that stand before the question.
        text: What doc_to_text gave.
        choices: What doc_to_choice gave.
        gen_prefix: How the response begins.
        doc_id: The number of the document, for an error, where it is known.

    Raises:
        TaskError: The question is no text.
    """
    questions = choices if shape.multiple_input and choices else (text,)
    # lm-eval: alternative contexts carry no target_delimiter before a gen_prefix.
    delimiter = "" if shape.multiple_input else spec.prompt.target_delimiter
    for question in questions:
        if not isinstance(question, str):
            where = "" if doc_id is None else f"on document {doc_id} "
            message = f"doc_to_text must give a text, but {where}it gave {value_text(question)}."
            raise TaskError(spec.error(message, "doc_to_text"))
    return tuple([(*before, *turns(question, None, gen_prefix, delimiter, "")) for question in questions])


def shot_turns(
    spec: TaskSpec, fields: Fields, shape: TaskShape, doc: Doc, *, labelled: bool = False
) -> tuple[Message, ...]:
    """One document of the pool as a solved example.

    Args:
        spec: The task.
        fields: What gives the parts of an example.
        shape: What the task's first document decided.
        doc: The document.
        labelled: Whether its options are shown with labels, and its answer is one.
    """
    prompt = spec.fewshot.prompt
    try:
        question = fields.text(doc)
        choices = fields.choice(doc) if fields.choice is not None else None
        if shape.multiple_input and choices is not None:
            check_position(question, choices)
            question, choices = choices[question], None
        answer = answer_text(fields.target(doc), choices)
        if labelled and choices is not None and isinstance(question, str):
            question, answer = _labelled_shot(question, answer, choices)
    except (TypeError, LookupError) as error:
        key = "fewshot_config" if spec.raw.get("fewshot_config") else "doc_to_target"
        message = f"a few-shot example cannot be written: {error_text(error) or type(error).__name__}."
        hint = error.hint if isinstance(error, ChoiceIndexError) else None
        raise TaskError(spec.error(message, key, hint=hint)) from error
    if not isinstance(question, str):
        raise TaskError(spec.error(f"a few-shot example's doc_to_text gave {question!r}, not a text.", "doc_to_text"))
    return turns(question, answer, fields.gen_prefix(doc), prompt.target_delimiter, prompt.fewshot_delimiter)


def _labelled_shot(question: str, answer: str | None, choices: Sequence[str]) -> tuple[str, str | None]:
    """Question and answer of an example with labelled options; an answer that is none of them stays as it is."""
    shown = labelled_question(question, choices)
    if shown.has_own_labels or answer is None or answer not in choices:
        return shown.text, answer
    return shown.text, shown.labels[list(choices).index(answer)]
