"""Functions that the demo's task files name with `!function`, for what a template would say less clearly."""

from typing import Any

LETTERS = "ABCD"


def lettered_question(doc: dict[str, Any]) -> str:
    """The question with its choices as lettered lines, up to the colon that a letter follows."""
    choices = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, doc["choices"], strict=True)]
    return "\n".join([doc["question"], *choices, "Answer:"])


def tale_text(doc: dict[str, Any]) -> str:
    """The tale without its title."""
    return str(doc["text"])
