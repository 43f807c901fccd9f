"""One document of a task, the ways in which it is shown, and its requests with their parts in it."""

# From a document to its requests and back
# ----------------------------------------
#   Example                                   asks                                  results
#     variants[0]  A. 3  B. 4   order 0 1  -->  Ask(0, "option", ...)           -->   AskResult("option", 2 values)
#                                               Ask(0, "unconditional", ...)    -->   AskResult("unconditional", 2)
#     variants[1]  A. 4  B. 3   order 1 0  -->  Ask(1, "option", ...)           -->   AskResult("option", 2 values)
#
# Why a request carries its part: a metric needs to know which log-likelihoods are those of the options after the prompt
# and which are those without it. That was once read off the number of values ("twice as many as options: then the
# second half is ..."), which holds for one list of requests and breaks with the next kind of request that is added.
#
# Why variants stand in the example, and are not documents of their own: the unit of every score and standard error is
# the document. A second order of the options is not a second observation, and must not count as one.
#
# Invariants
#   - ``variants[0]`` is the document as its task shows it, options in the task's order. Metrics of lm-eval are those of
#     this variant alone; what other variants give never reaches them.
#   - Asks stand variant by variant, within a variant in the order in which lm-eval makes its requests.
#   - A variant number and a role are given once, by whoever builds the request. They are carried, never derived.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from proctor.errors import ProctorError
from proctor.messages import Message
from proctor.records import ItemChoices
from proctor.tasks.choose import LabelledQuestion
from proctor.types import Doc, Request

NoteError: TypeAlias = Callable[[int, ProctorError], None]
"""Takes the number of a document of which no prompt can be made, and the error."""

AskRole: TypeAlias = Literal["option", "unconditional", "neutral", "prompt", "text", "choice"]
"""What a request is in its document: options after the prompt, options without it, options after a prompt that says
nothing of the document, a prompt to be continued, a text that is scored as it stands, or a prompt whose options one of
is to be chosen."""


@dataclass(frozen=True, slots=True)
class Formulation:
    """How a variant puts its document, where a run puts it in several ways.

    Attributes:
        name: ``task`` of the canonical variant, else as :mod:`proctor.tasks.formulations` names it.
        own: Which formulation the task's own is.
        labels: The label of each option.
        texts: The text of each option.
        golds: Positions of the right options.
    """

    name: str
    own: str
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    golds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which a document is shown.

    Attributes:
        contexts: The turns of its prompt; several where the options are alternative contexts, in the order of
            ``options``; none where there is no prompt, or where Python code of the task makes it.
        options: The options in the order in which they are shown; None: there are none.
        gold: What is right, as the task gives it: for options the position among ``options``, the text, or a list
            of them; else the target.
        order: ``order[position]`` is the number that the option at ``position`` has in the task's own order.
        labelled: The question with labelled options, where the model is to choose one of them.
        formulation: How it puts the document, where a run puts it in several ways; None: as the task does.
    """

    contexts: tuple[tuple[Message, ...], ...]
    options: tuple[str, ...] | None
    gold: Any
    order: tuple[int, ...]
    labelled: LabelledQuestion | None = None
    formulation: Formulation | None = None


@lru_cache(maxsize=64)
def identity_order(count: int) -> tuple[int, ...]:
    """The order of ``count`` options that moves none."""
    return tuple(range(count))


def canonical_variant(
    contexts: tuple[tuple[Message, ...], ...],
    options: tuple[str, ...] | None,
    gold: Any,
    labelled: LabelledQuestion | None = None,
) -> Variant:
    """A document as its task shows it."""
    return Variant(contexts, options, gold, identity_order(len(options or ())), labelled)


@dataclass(frozen=True, slots=True)
class Example:
    """One document, ready to be requested.

    Attributes:
        doc_id: Its position in the split.
        doc: The document.
        variants: The ways in which it is shown, the task's own first; never empty.
        text: What doc_to_text gave.
        target: What doc_to_target gave.
        gen_prefix: How the response begins; None: as the model likes.
        shots: Positions of its few-shot examples in the pool.
        item: Its options, where they are shown in several orders.
    """

    doc_id: int
    doc: Doc
    variants: tuple[Variant, ...]
    text: Any
    target: Any
    gen_prefix: str | None
    shots: tuple[int, ...] = ()
    item: ItemChoices | None = None

    @property
    def canonical(self) -> Variant:
        """The document as its task shows it."""
        return self.variants[0]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request with its part in its document.

    Attributes:
        variant: Which of the document's variants it belongs to, from 0.
        role: What it is there.
        request: What is sent to the model.
    """

    variant: int
    role: AskRole
    request: Request


@dataclass(frozen=True, slots=True)
class AskResult:
    """What filters left of the responses to one ask: one value for each argument of its request."""

    role: AskRole
    values: Sequence[Any]


def ask_results(asks: Sequence[Ask], values: Sequence[Any]) -> list[AskResult]:
    """Filtered values with the roles of what was requested.

    Filters see a flat list, one entry per argument (lm-eval). Here it becomes structured again.

    Args:
        asks: The asks of one variant.
        values: One value for each argument of their requests, in that order.
    """
    results: list[AskResult] = []
    start = 0
    for ask in asks:
        end = start + ask.request.count
        results.append(AskResult(ask.role, values[start:end]))
        start = end
    return results


def values_of(results: Iterable[AskResult], role: AskRole) -> list[Any]:
    """All values of one role, in order."""
    return [value for result in results if result.role == role for value in result.values]


@dataclass(frozen=True, slots=True)
class TaskShape:
    """What the first document decides for the whole task (lm-eval).

    ``multiple_input``: doc_to_text gives the number of the right option, and the options are contexts.
    ``multiple_target``: doc_to_target gives a list of right texts.
    """

    multiple_input: bool
    multiple_target: bool
