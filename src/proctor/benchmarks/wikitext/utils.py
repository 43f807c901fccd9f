"""WikiText comes tokenised; models are scored on running text, per word of the original.

The rules run in their written order, each over the whole page: later ones see what earlier
ones made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_CONTRACTIONS = (("s '", "s'"),)
_NUMBERS = ((" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", "."))
_PUNCTUATION = tuple((f" {mark} ", f"{mark} ") for mark in ":;.!?,")
_PAIRS = ("()", "[]", "{}", '""', "''")
_HEADINGS = (("= = = =", "===="), ("= = =", "==="), ("= =", "=="))
_LEFTOVERS = (
    (" \N{DEGREE SIGN} ", "\N{DEGREE SIGN}"),
    (" \n", "\n"),
    ("\n ", "\n"),
    (" N ", " 1 "),
    (" 's", "'s"),
)


def _inside(pair: str) -> re.Pattern[str]:
    """Matches what a pair of brackets or quotes encloses, and the space around it."""
    opening, closing = map(re.escape, pair)
    return re.compile(rf"{opening}\s*([^{closing}]*?)\s*{closing}")


_ENCLOSED = tuple((_inside(pair), rf"{pair[0]}\1{pair[1]}") for pair in _PAIRS)


def _replace(text: str, rules: Sequence[tuple[str, str]]) -> str:
    for old, new in rules:
        text = text.replace(old, new)
    return text


def detokenize(doc: dict[str, Any]) -> str:
    text = _replace(doc["page"], _CONTRACTIONS)
    # lm-eval: the slashes were meant as delimiters, so this finds next to nothing.
    text = re.sub(r"/' [0-9]/", "/'[0-9]/", text)
    text = _replace(text, _NUMBERS + _PUNCTUATION)
    for pattern, tight in _ENCLOSED:
        text = pattern.sub(tight, text)
    return _replace(text, _HEADINGS + _LEFTOVERS)


def weigh_by_original(doc: dict[str, Any], results: Sequence[float]) -> dict[str, tuple[float, int]]:
    """The scored text is the detokenised one; words and bytes are counted on the page as given."""
    (loglikelihood,) = results
    page = doc["page"]
    n_words = len(re.split(r"\s+", page))
    n_bytes = len(page.encode())
    return {
        "word_perplexity": (loglikelihood, n_words),
        "byte_perplexity": (loglikelihood, n_bytes),
        "bits_per_byte": (loglikelihood, n_bytes),
    }
