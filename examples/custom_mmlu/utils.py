"""MMLU with its choices in another order, to see whether a model reads them or their places.

The prompt, the choices and the target are asked for one after the other, and again when the
answers are graded. So the order comes from the document alone: no random state, and not
Python's `hash`, which differs from run to run.
"""

from __future__ import annotations

import hashlib
from typing import Any

LETTERS = "ABCD"
# Change it to get another shuffle of the whole benchmark.
SHUFFLE = "1"


def shuffled_order(doc: dict[str, Any]) -> list[int]:
    """The places of the choices in the document, in the order in which they are shown."""
    text = "\n".join([SHUFFLE, doc["question"], *doc["choices"]])

    def draw(place: int) -> bytes:
        return hashlib.sha256(f"{place}\n{text}".encode()).digest()

    return sorted(range(len(doc["choices"])), key=draw)


def shuffle_and_format_choices(doc: dict[str, Any]) -> str:
    """doc_to_text: the question, its shuffled choices with letters, and `Answer:`."""
    shown = [doc["choices"][place] for place in shuffled_order(doc)]
    lettered = zip(get_shuffled_choice_labels(doc), shown, strict=True)
    choices = [f"{letter}. {choice}" for letter, choice in lettered]
    return "\n".join([doc["question"].strip(), *choices, "Answer:"])


def get_shuffled_choice_labels(doc: dict[str, Any]) -> list[str]:
    """doc_to_choice: what is scored, the letters of the shuffled choices."""
    return list(LETTERS[: len(doc["choices"])])


def get_shuffled_target(doc: dict[str, Any]) -> int:
    """doc_to_target: the place to which the right choice was moved."""
    return shuffled_order(doc).index(doc["answer"])
