"""In which formulations a document is put besides the task's own: the setting, as tasks take it."""

# What a formulation is
# ---------------------
#                the prompt lists the options   what is scored                    shown options can matter by order
#   letter       yes                            the label of each option          yes
#   hybrid       yes                            the text of each option           yes
#   text         no                             the text of each option           no
#   generate     yes                            nothing: a written answer is read  yes
#
# ``choices_only`` is the task's own formulation (or another one) without the question, in the examples too: what is
# right then was given away by the options.
#
# Source: Y. Gu et al., 2406.08446 (OLMES: MCF and CF); N. Balepur et al., 2402.12483 (choices only).

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from proctor.tasks.generation_kwargs import merge_generation

FormulationName: TypeAlias = Literal["letter", "hybrid", "text", "generate"]
Unformulated: TypeAlias = Literal["no options", "contexts", "own scores"]
"""Why a task is put as its files say alone: without options, with options that are contexts, scored by Python."""
FORMULATIONS: tuple[FormulationName, ...] = get_args(FormulationName)
TASK = "task"
"""The name of the task's own formulation, whichever that is."""
CHOICES_ONLY = "choices_only"
LISTING: frozenset[FormulationName] = frozenset({"letter", "hybrid", "generate"})
"""Those whose prompt lists the options."""


@dataclass(frozen=True, slots=True)
class Formulations:
    """More formulations than the task's own.

    Attributes:
        names: Which, in the order of :data:`FORMULATIONS`.
        choices_only: Also those that are scored, the task's own first, without the question.
        gen_kwargs: What the run gives for generated texts.
        limit: Tokens of prompt and answer together that the model takes; None: not known.
    """

    names: tuple[FormulationName, ...]
    choices_only: bool = False
    gen_kwargs: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None

    @property
    def flag(self) -> str:
        """What asked for them, for messages."""
        return "--formulations" if self.names else "--choices_only"


def choices_only_name(name: str) -> str:
    """What a formulation without the question is called: the task's own is ``choices_only``."""
    return CHOICES_ONLY if name == TASK else f"{CHOICES_ONLY}_{name}"


def generation_of(wanted: Formulations, delimiter: str, *, chat: bool) -> Mapping[str, Any]:
    """The settings with which an answer is written.

    Args:
        wanted: What the run asks for; its own settings win.
        delimiter: What stands between few-shot examples: there a model without chat turns to the next question.
        chat: Whether prompts are chats: then the model ends its reply by itself.
    """
    until, tokens = ([], 1024) if chat else ([delimiter if delimiter.strip(" ") else "\n\n"], 64)
    # A third of what the model takes, at least, is left to the prompt.
    while wanted.limit is not None and tokens > 1 and 3 * tokens > 2 * wanted.limit:
        tokens //= 2
    own = {"until": until, "do_sample": False, "temperature": 0.0, "max_gen_toks": tokens}
    return merge_generation(own, wanted.gen_kwargs, strict=False)
