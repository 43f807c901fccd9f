"""The messages of a chat, and prompts that may be one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeGuard

Role: TypeAlias = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt and the delimiter that follows it in plain (not chat) rendering."""

    role: Role
    content: str
    delimiter: str = ""


Prompt: TypeAlias = str | tuple[Message, ...]
"""What a model goes on with: a text, or the messages of a chat, which the model itself puts together. The delimiters of
such messages are empty; an assistant's message at the end is the beginning of the response."""


def written_prompt(prompt: Prompt) -> Any:
    """A prompt as files have it: the text, or a list of ``{role, content}``."""
    if isinstance(prompt, str):
        return prompt
    return [{"role": message.role, "content": message.content} for message in prompt]


def is_chat(value: Any) -> TypeGuard[list[dict[str, str]]]:
    """Whether an argument of a request is the prompt of a chat, as :func:`written_prompt` makes it.

    Args:
        value: The argument.
    """
    return isinstance(value, list) and all(type(one) is dict and one.keys() == {"role", "content"} for one in value)


def chat_text(messages: Sequence[Mapping[str, str]]) -> str:
    """The messages of a chat as one text: JSON, as lm-eval writes them to files.

    Args:
        messages: ``{role, content}`` each.
    """
    return json.dumps([dict(message) for message in messages], ensure_ascii=False)


def prompt_texts(prompt: Prompt) -> tuple[str, ...]:
    """The text of a prompt, or the contents of its messages."""
    return (prompt,) if isinstance(prompt, str) else tuple([message.content for message in prompt])


def prompt_text(prompt: Prompt) -> str:
    """A prompt that must be text, since whoever takes it knows no messages.

    Args:
        prompt: The prompt.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(prompt, str):
        raise TypeError(f"A text is needed here, and this prompt is {prompt!r:.100}.")
    return prompt
