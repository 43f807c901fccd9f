"""WinoGrande fills a blank: each option ends one context, the rest of the sentence is scored."""

from __future__ import annotations

from typing import Any

BLANK = "_"


def right_context(doc: dict[str, Any]) -> int:
    return ("1", "2").index(doc["answer"])


def contexts(doc: dict[str, Any]) -> list[str]:
    before, _, _ = doc["sentence"].partition(BLANK)
    return [before + doc["option1"], before + doc["option2"]]


def continuation(doc: dict[str, Any]) -> str:
    _, _, after = doc["sentence"].partition(BLANK)
    return after.strip()
