"""HellaSwag's WikiHow half still carries the site's layout marks; the prompt must not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset

_MARK = re.compile(r"\[.*?\]")


def clean(text: str) -> str:
    """The text without `[title]`, `[step]`, `[header]` and the gaps they leave."""
    titled = text.strip().replace(" [title]", ". ")
    # lm-eval: one pass, so three spaces become two.
    return _MARK.sub("", titled).replace("  ", " ")


def query_and_choices(doc: dict[str, Any]) -> dict[str, Any]:
    """The columns that the prompt and the scoring read."""
    # lm-eval: capitalize() also lower-cases the rest of ctx_b, names included.
    context = f"{doc['activity_label']}: {doc['ctx_a']} {doc['ctx_b'].capitalize()}"
    return {
        "query": clean(context),
        "choices": list(map(clean, doc["endings"])),
        "gold": int(doc["label"]),
    }


def add_query_and_choices(dataset: Dataset) -> Dataset:
    return dataset.map(query_and_choices)
