"""COPA reads as one sentence: the premise, a connective, and the chosen alternative."""

from __future__ import annotations

from typing import Any

CONNECTIVES = {"cause": "because", "effect": "therefore"}


def opening(doc: dict[str, Any]) -> str:
    without_period = doc["premise"].strip()[:-1]
    return f"{without_period} {CONNECTIVES[doc['question']]}"


def endings(doc: dict[str, Any]) -> list[str]:
    return [_mid_sentence(doc["choice1"]), _mid_sentence(doc["choice2"])]


def right_ending(doc: dict[str, Any]) -> str:
    first, second = endings(doc)
    return second if doc["label"] else first


def _mid_sentence(choice: str) -> str:
    # lm-eval: this space comes on top of the target delimiter's, so two are scored.
    return " " + choice[0].lower() + choice[1:]
