"""Description, examples and question put together: a list of turns, and its renderings.

Plain rendering joins contents and delimiters; chat rendering hands the turns to a template, or to the model itself.
"""

# One list of turns, three renderings
# -----------------------------------
#   system   description                      | delimiter after it
#   user     text of a few-shot example       | target_delimiter
#   assistant   its target                    | fewshot_delimiter
#   user     text of the document             |
#   assistant   gen_prefix, if there is one   | (left open)
#
#   plain    all contents and delimiters, one after the other
#   chat     contents as turns; delimiters count only where several turns are joined to one (multiturn off)
#   messages the turns of the chat, without a template: for models that take messages and put them together themselves
#
# Delimiters belong to the turn before them, so that all renderings come of one value and cannot drift apart.
#
# Why messages, and not a text that a model takes apart again: roles are lost in a text, and what a document holds may
# look like the mark of a role.
#
# Invariant: the chat rendering is the template's text of the messages. Both are made of the turns of ``_chat``.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from proctor.messages import Message
from proctor.plurals import counted
from proctor.tasks.choice_orders import ChoiceOrders
from proctor.tasks.formulations import Formulations
from proctor.types import ChoiceRoute

ChatRenderer = Callable[..., str]


@dataclass(frozen=True, slots=True)
class PromptStyle:
    """How prompts are rendered: ``chat`` None is plain text.

    ``chat(messages, add_generation_prompt=...)`` renders ``{role, content}`` turns;
    ``multiturn`` keeps examples as turns of their own.
    ``messages``: the model takes messages, wherever texts are generated in a chat.
    ``choose``: options are shown with labels and the model chooses one, by this route; None: options are scored.
    ``draws``: how often the few-shot examples of a document are drawn.
    ``orders``: the orders in which options are listed besides the task's own; None: that alone.
    ``formulations``: the formulations in which a document is put besides the task's own; None: that alone.
    """

    chat: ChatRenderer | None = None
    multiturn: bool = True
    system_instruction: str | None = None
    messages: bool = False
    choose: ChoiceRoute | Literal["auto"] | None = None
    draws: int = 1
    orders: ChoiceOrders | None = None
    formulations: Formulations | None = None


PLAIN = PromptStyle()
"""Plain text, no chat."""


def join(left: str | None, right: str | None, delimiter: str) -> str:
    """``left + right`` with the delimiter between, unless one is empty or whitespace is at the boundary."""
    if not left or not right:
        return (left or "") + (right or "")
    return left + right if left[-1].isspace() or right[0].isspace() else left + delimiter + right


def turns(
    question: str, answer: str | None, gen_prefix: str | None, target_delimiter: str, fewshot_delimiter: str
) -> tuple[Message, ...]:
    """One question and its answer, or the open question with the start of its answer.

    ``answer`` None: no assistant turn, hence no ``fewshot_delimiter`` either (lm-eval).
    """
    if gen_prefix:
        # lm-eval: the delimiter stands before a gen_prefix unless there is white space already.
        boundary = bool(question) and not (question[-1].isspace() or gen_prefix[0].isspace())
        delimiter = target_delimiter if boundary else ""
    else:
        delimiter = target_delimiter if answer is not None else ""
    user = Message("user", question, delimiter)
    if answer is not None:
        return user, Message("assistant", join(gen_prefix, answer, " "), fewshot_delimiter)
    if gen_prefix:
        return user, Message("assistant", gen_prefix)
    return (user,)


class ChoiceIndexError(IndexError):
    """The number of a choice that an example does not have. ``hint``: what may be the reason."""

    def __init__(self, number: int, size: int) -> None:
        super().__init__(f"its answer is choice {number}, but it has {counted(size, 'choice')}")
        self.hint = position_hint(number, size)


def check_position(number: Any, choices: Sequence[str]) -> None:
    """Raise :class:`ChoiceIndexError` where a number names no choice; lm-eval: -1 is the last one."""
    if isinstance(number, int) and not -len(choices) <= number < len(choices):
        raise ChoiceIndexError(number, len(choices))


def position_hint(number: int, size: int) -> str:
    """What to do about ``number``, which names none of ``size`` choices."""
    hint = "Choices are numbered from 0."
    if number == size:
        hint += " Is the target counted from 1? '{{ x - 1 }}'."
    if number == -1:
        hint += " Labels that were not published are often -1: name another split."
    return hint


def answer_text(answer: Any, choices: Sequence[str] | None) -> str | None:
    """An example's answer as text: a choice by its number, the first of a list, or as it is.

    Raises :class:`TypeError` or :class:`IndexError` where the answer is no text.
    """
    if answer is None or answer == "":
        return None
    if choices and isinstance(answer, int):
        check_position(answer, choices)
        answer = choices[answer]
    elif isinstance(answer, list):
        answer = answer[0]
    if not isinstance(answer, str):
        raise TypeError(f"the answer of an example must be text, but it is {answer!r}")
    return answer


def render(messages: Sequence[Message], style: PromptStyle, *, gen_prefix: str | None) -> str:
    """The prompt as the model gets it."""
    if style.chat is None:
        return "".join([part for message in messages for part in (message.content, message.delimiter)])
    # lm-eval: a gen_prefix is the start of the assistant's turn, which the template must leave open.
    return style.chat(chat_turns(messages, style.multiturn), add_generation_prompt=not gen_prefix)


def chat_turns(messages: Sequence[Message], multiturn: bool) -> list[dict[str, str]]:
    """``{role, content}`` turns; without ``multiturn`` all but the system's and the open answer are one."""
    return [{"role": message.role, "content": message.content} for message in _chat(messages, multiturn)]


def chat_messages(messages: Sequence[Message], multiturn: bool) -> tuple[Message, ...]:
    """The turns of :func:`chat_turns` as messages, whose delimiters mean nothing any more and are empty."""
    return tuple([Message(message.role, message.content) for message in _chat(messages, multiturn)])


def _chat(messages: Sequence[Message], multiturn: bool) -> Sequence[Message]:
    if multiturn:
        return messages
    system = [message for message in messages[:1] if message.role == "system"]
    rest = list(messages[len(system) :])
    # An assistant's turn at the end is the gen_prefix, which the model goes on with: it must stay a turn of its own.
    opened = [rest.pop()] if rest and rest[-1].role == "assistant" else []
    if rest:
        # The chat template puts its own ending after the turn.
        rest[-1] = replace(rest[-1], delimiter="")
    user = Message("user", "".join(message.content + message.delimiter for message in rest))
    return (*system, user, *opened)
