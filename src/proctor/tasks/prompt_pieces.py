"""What stands in a prompt around its options: found with marks in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from proctor.tasks.choice_columns import NoChoicesError

_MARK = "zqoption{}qz"
"""Lower-case letters alone, so that templates which lower the case or strip characters leave it as it is."""


def pieces_around(count: int, render: Callable[[Sequence[str]], Any]) -> tuple[str, ...] | None:
    """What stands before, between and after the options of a prompt.

    Args:
        count: How many options there are.
        render: Makes the prompt with these texts as options.

    Returns:
        ``count + 1`` texts; None: the prompt shows none of the options.

    Raises:
        NoChoicesError: It shows some of them, or one more than once, or in another order.
    """
    letters = [f"{chr(ord('a') + number // 26)}{chr(ord('a') + number % 26)}" for number in range(count)]
    marks = [_MARK.format(both) for both in letters]
    rest = render(marks)
    if not isinstance(rest, str) or not any(mark in rest.casefold() for mark in marks):
        return None
    pieces: list[str] = []
    if any(rest.count(mark) != 1 for mark in marks):
        raise NoChoicesError("its prompt does not show each of its options once and as it is")
    for mark in marks:
        before, found, rest = rest.partition(mark)
        if not found:
            raise NoChoicesError("its prompt does not show its options in the order of their columns")
        pieces.append(before)
    return (*pieces, rest)


def texts_between(pieces: Sequence[str], prompt: str, contents: Sequence[str]) -> list[str] | None:
    """The options as a prompt shows them; a template may have stripped or otherwise changed them.

    Args:
        pieces: From :func:`pieces_around`.
        prompt: The prompt.
        contents: What the columns hold.

    Returns:
        A text for each option; None: the prompt does not consist of the pieces.
    """
    for shown in (list(contents), [one.strip() for one in contents]):
        if joined(pieces, shown) == prompt:
            return shown
    pattern = "(.*?)".join(map(re.escape, pieces))
    match = re.fullmatch(pattern, prompt, re.DOTALL)
    return None if match is None else list(match.groups())


def joined(pieces: Sequence[str], texts: Sequence[str]) -> str:
    """The prompt that shows ``texts`` between ``pieces``."""
    return pieces[0] + "".join([text + piece for text, piece in zip(texts, pieces[1:], strict=True)])
