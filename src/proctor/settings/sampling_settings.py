"""The settings of how much is asked: which documents a limited run takes, and when a run stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

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
