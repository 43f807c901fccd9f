"""What became of a text that a model wrote: read, or why not. A text that was not read is not simply wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from proctor.results.stored_run import Sample

TextState: TypeAlias = Literal["read", "unread", "unfinished"]
"""``unread``: no answer was found in it; ``unfinished``: the model's thinking never ended."""

UNREAD = ("[invalid]", "")
"""What filters give where they find nothing."""


def text_state(sample: Sample, think_end: str | None = None) -> TextState | None:
    """The state of a sample's text; None where no text was written.

    Args:
        sample: The sample.
        think_end: The token that ends the thinking, where the run had one configured.
    """
    if not _is_written(sample.line):
        return None
    text = _first(sample.line.get("resps"))
    if think_end and isinstance(text, str) and think_end not in text:
        return "unfinished"
    answer = _first(sample.line.get("filtered_resps"))
    return "unread" if answer is None or (isinstance(answer, str) and answer.strip() in UNREAD) else "read"


def _is_written(line: Mapping[str, Any]) -> bool:
    # dict and no Mapping: a line is JSON, and this is looked at for every one.
    given = line.get("arguments")
    first = next(iter(given.values()), None) if isinstance(given, dict) else _first(given, 1)
    values = list(first.values()) if isinstance(first, dict) else first
    if not isinstance(values, list) or len(values) != 2 or not isinstance(values[1], dict):
        return False
    return not {"labels", "options"} <= values[1].keys()


def _first(value: Any, depth: int = 2) -> Any:
    """The first leaf of nested lists; None of an empty one."""
    for _ in range(depth):
        if not isinstance(value, list):
            return value
        value = value[0] if value else None
    return value
