"""How ``preview`` lays out text: rules, frames, counts, tokens side by side."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from proctor.messages import Message
from proctor.preview.token_boundaries import TokenBoundary, TokenText

WIDTH = 80


def rule(title: str, line: str, length: int | None = None) -> str:
    """A title in a line as wide as the text; ``length``: of the title, where it holds codes for the terminal."""
    return f"{line * 2} {title} {line * max(2, WIDTH - 4 - (column_count(title) if length is None else length))}"


def framed(title: str, painted: str, text: str) -> list[str]:
    """The text between two lines of ours, and on the second one how it ends, to the last space."""
    # Trailing spaces and newlines are what differs most often between two harnesses, and no terminal shows them.
    end = repr(text[-24:]) if text else "it is empty"
    tail = f"{count_text(len(text), 'character')}, ending in {end}" if text else "it is empty"
    return [f"┌─ {title}", painted, f"└─ {tail}"]


def framed_chat(title: str, messages: Sequence[Message]) -> list[str]:
    """The messages of a chat, each below its role, between two lines of ours."""
    lines = [f"┌─ {title}, a chat of {count_text(len(messages), 'message')}"]
    for number, message in enumerate(messages, 1):
        is_open = number == len(messages) and message.role == "assistant"
        lines += [f"├─ {message.role}{', left open' if is_open else ''}", message.content]
    [*_, last] = framed("", "", messages[-1].content)
    return [*lines, last.replace("└─ ", "└─ the last one: ", 1)]


def column_count(text: str) -> int:
    """How wide a terminal shows a text: Chinese, Japanese and Korean letters take two columns."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def count_text(number: int, noun: str) -> str:
    """A number with its noun: ``1 task``, ``2 tasks``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(numbers: Sequence[int]) -> str:
    """Numbers in a sentence: ``3``, ``3 and 7``, ``3, 7 and 9``."""
    words = [str(number) for number in numbers]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def pieces_text(pieces: Sequence[TokenText]) -> str:
    """Tokens side by side."""
    return " · ".join(map(str, pieces)) or "nothing"


def boundary_text(boundary: TokenBoundary) -> str:
    """The first tokens of a continuation, and how they came about."""
    if boundary.continuation == 0:
        return "no token of its own: its text merges with the prompt's last token"
    more = boundary.continuation - len(boundary.after)
    text = pieces_text(boundary.after) + (f" · {more} more" if more > 0 else "")
    return f"{text}  (joined up, the text has other tokens here)" if boundary.merges else text


def shown_path(file: str) -> str:
    """A path, relative where it lies below the working directory."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
