"""Answers as texts: what stands around them, several in one cell, and when two texts are the same."""

from __future__ import annotations

import itertools
import re
import unicodedata

from proctor.new.labels import read_label

_STATED = re.compile(
    r"^\s*(?:정답|답|답안|answers?|ans|key|correct(?: answer)?)\s*(?:은|는|is)?\s*[:：=]\s*", re.IGNORECASE
)
_BETWEEN = re.compile(r"\s*(?:[,;、，·&+/|]|\n)\s*|\s+(?:및|또는|와|과|and|or)\s+", re.IGNORECASE)
_LETTERS = re.compile(r"[A-J]{2,10}")
_CIRCLED = re.compile(r"[①-⑩❶-❿⑴-⑽㉠-㉩㉮-㉷](?:\s*[①-⑩❶-❿⑴-⑽㉠-㉩㉮-㉷])+")
_JAMO = re.compile(r"[ㄱ-ㅊ]{2,10}")


def bare_answer(text: str) -> str:
    """An answer without the words before it: ``정답: ②`` is ``②``."""
    return _STATED.sub("", text, count=1).strip()


def folded(text: str) -> str:
    """What makes two texts the same option: composed letters, no spaces around, one space for several."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def answer_parts(text: str) -> list[str]:
    """The answers of a cell with several, separated by commas and their like; one where none separates."""
    return [part for part in _BETWEEN.split(bare_answer(text)) if part]


def several_labels(text: str, form: str) -> list[str] | None:
    """The labels of a cell that stand one behind the other, ``①③`` or ``ACD``; None where they do not.

    Letters must count up: ``BAD`` is a word.
    """
    bare = bare_answer(text)
    compact = re.sub(r"\s", "", bare)
    if form in ("circled", "korean") and (_CIRCLED.fullmatch(bare) or _JAMO.fullmatch(compact)):
        return list(compact)
    if form == "letter" and _LETTERS.fullmatch(compact):
        places = [read_label(letter, "letter") for letter in compact]
        rising = all(a is not None and b is not None and a < b for a, b in itertools.pairwise(places))
        return list(compact) if rising else None
    return None
