"""The output types: which requests a document makes, and how its answers become figures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from proctor.errors import DataError, ProctorError, TaskError
from proctor.metrics.base import MetricUse
from proctor.metrics.choice import measure_choice, resolve_gold
from proctor.metrics.perplexity import measure_loglikelihood, measure_rolling
from proctor.metrics.tables import needs_unconditional
from proctor.metrics.text import measure_text
from proctor.tasks.check import NO_OPTIONS
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc, Generate, Loglikelihood, Message, Request, Rolling

NoteError: TypeAlias = Callable[[int, ProctorError], None]
"""Is told which document a task can make nothing of, and why."""


@dataclass(frozen=True, slots=True)
class Example:
    """One document, ready to be asked.

    ``contexts``: the turns of its prompt; several where the choices are alternative contexts
    (``multiple_input``). ``text`` and ``target`` are what doc_to_text and doc_to_target gave.
    ``shots``: positions of its few-shot examples in the pool.
    """

    doc_id: int
    doc: Doc
    contexts: tuple[tuple[Message, ...], ...]
    text: Any
    target: Any
    choices: tuple[str, ...] | None
    gen_prefix: str | None
    shots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskShape:
    """What the first document decides for the whole task (lm-eval).

    ``multiple_input``: doc_to_text gives the gold choice's number and the choices are contexts.
    ``multiple_target``: doc_to_target gives a list of right answers.
    """

    multiple_input: bool
    multiple_target: bool


def choice_delimiter(spec: TaskSpec, *, chat: bool) -> str:
    """What stands between context and choice.

    lm-eval: nothing under a chat template, unless a gen_prefix without trailing space opens the answer.
    """
    if not chat:
        return spec.prompt.target_delimiter
    prefix = spec.prompt.gen_prefix
    return spec.prompt.target_delimiter if prefix and not prefix[-1].isspace() else ""


def build_requests(
    spec: TaskSpec, shape: TaskShape, example: Example, contexts: Sequence[str], *, chat: bool, wanted: Collection[str]
) -> tuple[Request, ...]:
    """The requests of one document; ``contexts`` are its rendered prompts, ``wanted`` the metric names."""
    if example.target is None and spec.output in ("loglikelihood", "loglikelihood_rolling"):
        message = f"doc_to_target gave nothing (null) on document {example.doc_id}: there is no text to score."
        raise TaskError(spec.error(message, "doc_to_target"))
    if spec.output == "loglikelihood":
        # lm-eval: the continuation is the target as it is, without target_delimiter.
        return (Loglikelihood(contexts[0], (str(example.target),)),)
    if spec.output == "loglikelihood_rolling":
        return (Rolling(str(example.target)),)
    if spec.output == "generate_until":
        return (Generate(contexts[0], copy.deepcopy(dict(spec.generation or {}))),)
    if not example.choices:
        message = f"{NO_OPTIONS}; a task of output_type multiple_choice needs it."
        raise TaskError(spec.error(message, "output_type"))
    delimiter = choice_delimiter(spec, chat=chat)
    if shape.multiple_input:
        continuation = (f"{delimiter}{example.target}",)
        requests: list[Request] = [Loglikelihood(context, continuation) for context in contexts]
    else:
        requests = [Loglikelihood(contexts[0], tuple(f"{delimiter}{choice}" for choice in example.choices or ()))]
    if needs_unconditional(wanted):
        requests.append(Loglikelihood("", tuple(f"{delimiter}{choice}" for choice in example.choices or ())))
    return tuple(requests)


def measure(
    spec: TaskSpec,
    shape: TaskShape,
    example: Example,
    results: Sequence[Any],
    uses: Sequence[MetricUse],
    derived: MutableMapping[str, MetricUse],
) -> Mapping[str, Any]:
    """The metrics of one document from the filtered values of its requests, in request order.

    ``derived`` learns of figures that a metric function names itself, and how they aggregate.
    """
    wanted = {use.name for use in uses}
    if spec.output == "loglikelihood":
        logprob, greedy = results[0]
        return measure_loglikelihood(logprob, greedy, wanted)
    if spec.output == "loglikelihood_rolling":
        return measure_rolling(results[0], str(example.target), wanted)
    if spec.output == "multiple_choice":
        return _measure_choice(shape, example, results, wanted, strict=spec.strict)
    gold = _gold(example, wanted)
    return measure_text(
        uses,
        gold=gold,
        result=results[0],
        multi_target=shape.multiple_target,
        cast=example.choices is None,
        derived=derived,
        strict=spec.strict,
    )


def _gold(example: Example, wanted: Collection[str]) -> Any:
    """What a generated answer is compared with."""
    if wanted == {"bypass"}:
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


def _measure_choice(
    shape: TaskShape, example: Example, results: Sequence[Any], wanted: Collection[str], *, strict: bool
) -> Mapping[str, Any]:
    choices = example.choices or ()
    lls = [float(value[0]) for value in results]
    unconditional = lls[len(choices) :] if len(lls) == 2 * len(choices) and needs_unconditional(wanted) else None
    return measure_choice(
        lls=lls[: len(choices)],
        greedy=[bool(value[1]) for value in results],
        choices=choices,
        gold=resolve_gold(example.text if shape.multiple_input else example.target, choices),
        unconditional=unconditional,
        wanted=wanted,
        strict=strict,
    )
