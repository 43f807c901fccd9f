"""The settings of how much is asked: which documents a limited run takes, when a run stops, how
many draws of few-shot examples there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from proctor.settings import values as accepts
from proctor.settings.choice_settings import ChoiceSettings
from proctor.settings.early_stop import early_stop
from proctor.settings.setting import SAME, text

SECTION = "how much to ask"

LimitOrder: TypeAlias = Literal["first", "random"]


def limit_order(value: object) -> LimitOrder:
    """Which documents a limited run takes.

    Raises:
        ValueError: It is neither.
    """
    if str(value).strip().lower() in ("first", "random"):
        return cast("LimitOrder", str(value).strip().lower())
    raise ValueError(f"must be first or random, not {value!r}")


def fewshot_seeds(value: Any) -> int:
    """How many draws of few-shot examples there are.

    Raises:
        ValueError: It is no whole number from 2 on.
    """
    try:
        number = accepts.size(value)
    except ValueError:
        number = 0
    if number < 2:
        raise ValueError(f"must be a whole number of at least 2 (one draw shows no spread), not {value!r}")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingSettings(ChoiceSettings):
    """What :class:`proctor.settings.declarations.RunConfig` has of documents and draws."""

    limit_order: LimitOrder = text(  # noqa: RUF009 - its type is that of texts
        "first",
        limit_order,
        SECTION,
        "first|random",
        "which documents --limit takes: the first ones (default, as lm-eval), or a random sample by --seed, whose "
        "score estimates that of all documents",
        ours=True,
        preview=SAME,
    )
    early_stop: str | None = text(
        None,
        early_stop,
        SECTION,
        "width=W|against=RUN",
        "stop asking when the score's interval is +- W, as in width=0.02, or when the comparison with a stored run is "
        "decided; valid at every look. alpha=0.05 can be added",
        ours=True,
    )
    fewshot_seeds: int | None = text(
        None,
        fewshot_seeds,
        SECTION,
        "N",
        "draw the few-shot examples of each document N times, by this many seeds from that of --seed on: the task's "
        "scores stay those of the first draw, and how much the draw matters is added",
        ours=True,
        preview=SAME,
    )
