"""The replies of ``replies.jsonl``, labelled by hand: which option each chose.

Fields of a line: ``reply``; ``answer``, its label, null where it chose none; ``labels``, one a letter; ``options``,
their texts, where they matter; ``finish``, where the reply did not end by itself; ``set``, the collection it came in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reply:
    """One line."""

    reply: str
    answer: str | None
    labels: str
    set: str
    options: tuple[str, ...] = ()
    finish: str = "stop"


def replies() -> list[Reply]:
    """All lines."""
    lines = Path(__file__).with_name("replies.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Reply(**{**row, "options": tuple(row.get("options", ()))}) for row in rows]
