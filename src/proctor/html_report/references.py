"""Texts that repeat a question or its options, written without repeating them."""

# A prompt holds its question and options, and so does the document. Where such a text stands whole in another one, a
# reference stands in its place: the character DEL and a letter. So the prompts of a whole exam cost next to nothing.
#
#   DEL !     the character DEL itself
#   DEL q     the question
#   DEL A..   the options
#
# Each part is replaced once, at its first place after the part before it: short options ("4") stand in many places by
# chance, and in their order once on purpose.
#
# Invariant (a test): ``resolved(shortened(text, parts), parts) == text``; a text that has DEL is written whole.

from __future__ import annotations

import re
from collections.abc import Sequence

MARK = "\x7f"
_REFERENCE = re.compile(MARK + "(.)", re.DOTALL)


def parts_of(question: str, options: Sequence[str]) -> list[tuple[str, str]]:
    """What references stand for, by their letters, in the order in which they are looked for.

    Args:
        question: The question.
        options: The texts of its options.
    """
    named = [("q", question), *((chr(65 + place), text) for place, text in enumerate(options[:26]))]
    return [one for one in named if one[1] and MARK not in one[1]]


def shortened(text: str, parts: Sequence[tuple[str, str]]) -> str:
    """A text with references.

    Args:
        text: The text.
        parts: Of :func:`parts_of`.
    """
    if MARK in text:
        return text.replace(MARK, MARK + "!")
    made, start = [], 0
    for letter, part in parts:
        place = text.find(part, start)
        if place >= 0:
            made += [text[start:place], MARK, letter]
            start = place + len(part)
    return "".join([*made, text[start:]])


def resolved(text: str, parts: Sequence[tuple[str, str]]) -> str:
    """A text with what its references stand for.

    Args:
        text: Of :func:`shortened`.
        parts: The same as there.
    """
    table = dict(parts) | {"!": MARK}
    return _REFERENCE.sub(lambda match: table.get(match[1], ""), text)
