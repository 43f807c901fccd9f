"""``lm_eval.api.utils``: turns of a prompt and how they are joined; :mod:`proctor.tasks.prompt` does the work."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proctor import messages as own
from proctor.tasks.prompt import chat_turns, join


@dataclass
class Message:
    """One turn, and what follows it in plain text."""

    role: Any
    content: str
    _delimiter: str = ""

    def to_dict(self) -> dict[str, str]:
        """Role and content."""
        return {"role": self.role, "content": self.content}

    def to_text(self) -> str:
        """Content and delimiter."""
        return self.content + self._delimiter


def messages_to_text(messages: Sequence[Message]) -> str:
    """All turns as plain text."""
    return "".join(message.to_text() for message in messages)


def multiturn_to_singleturn(messages: Sequence[Message]) -> list[dict[str, str]]:
    """All turns but the system's and an open answer as one."""
    plain = [own.Message(message.role, message.content, message._delimiter) for message in messages]
    return chat_turns(plain, multiturn=False)


def maybe_delimit(prefix: str | None, suffix: str | None, delimiter: str = " ") -> str:
    """Both texts, with the delimiter between them where no whitespace is."""
    return join(prefix, suffix, delimiter)


def requires_delimiter(prefix: str, suffix: str) -> bool:
    """Whether no whitespace is between the two."""
    return prefix != "" and not (prefix[-1].isspace() or suffix[0].isspace())


def ends_with_whitespace(s: str) -> bool:
    """Whether the last letter is whitespace."""
    return s[-1:].isspace()


def format_turn(content: str, role: str, type: str | None = None) -> dict[str, str]:
    """One turn as a mapping."""
    return {**({"type": type} if type else {}), "role": role, "content": content}


def random_task_id() -> str:
    """Eight letters and digits."""
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=8))
