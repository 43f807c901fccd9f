"""The prompt of a line of a samples file as people read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def chat_of(value: Any) -> tuple[tuple[str, str], ...] | None:
    """Role and content of each message of a chat; None where the argument is none.

    Args:
        value: ``arg_0`` of a line: a list of one JSON text, as lm-eval and proctor write a chat, or of the messages.
    """
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        try:
            value = json.loads(value[0])
        except ValueError:
            return None
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(one, Mapping) and {"role", "content"} <= one.keys() for one in value):
        return None
    return tuple((str(one["role"]), str(one["content"])) for one in value)


def prompt_of(line: Mapping[str, Any]) -> str:
    """The first prompt of a sample; the messages of a chat stand one after the other. Empty where there is none.

    Args:
        line: The sample, in any layout that lm-eval had.
    """
    given = line.get("arguments")
    requests = list(given.values()) if isinstance(given, Mapping) else given
    first = requests[0] if isinstance(requests, list) and requests else None
    values = list(first.values()) if isinstance(first, Mapping) else first
    value = values[0] if isinstance(values, list) and values else None
    if isinstance(value, str):
        return value
    chat = chat_of(value)
    return "" if chat is None else "\n".join(content for _, content in chat)
