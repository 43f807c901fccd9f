"""The settings of multiple choice: how options are chosen, and in which orders they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from proctor.errors import AnalysisError
from proctor.settings import values as accepts
from proctor.settings.score_settings import ScoreSettings
from proctor.settings.setting import SAME, text
from proctor.settings.values import MultipleChoice

if TYPE_CHECKING:
    from proctor.analysis.option_kinds import Kind

SECTION = "multiple choice"


def choice_orders(value: Any) -> str:
    """The orders in which the options of a document are shown.

    Raises:
        ValueError: It is none that there is.
    """
    # What knows orders and kinds compiles patterns for three languages, which `--help` does without.
    from proctor.analysis.orders import order_mode

    wanted = str(value).strip().lower()
    try:
        order_mode(wanted)
    except AnalysisError:
        raise ValueError(
            f"must be canonical, cyclic, all or sampled:M with a number M of at least 1, not {value!r}"
        ) from None
    return wanted


def choice_orders_keep(value: Any) -> str:
    """Which kinds of documents keep an order: ``auto``, ``none``, or kinds joined by ``+``.

    Raises:
        ValueError: It names another kind.
    """
    from proctor.tasks.choice_orders import KINDS

    wanted = str(value).strip().lower()
    if wanted in ("auto", "none") or set(wanted.split("+")) <= set(KINDS):
        return wanted
    raise ValueError(f"must be auto, none, or kinds of {', '.join(KINDS)} joined by '+', not {value!r}")


def kinds_kept(setting: str) -> frozenset[Kind]:
    """The kinds that a value of ``choice_orders_keep`` means."""
    from proctor.tasks.choice_orders import KINDS

    if setting == "auto":
        return frozenset(KINDS)
    return frozenset() if setting == "none" else frozenset(cast("list[Kind]", setting.split("+")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceSettings(ScoreSettings):
    """What :class:`proctor.settings.declarations.RunConfig` has of multiple choice."""

    mc: MultipleChoice = text(  # noqa: RUF009 - its type is that of texts
        "auto",
        accepts.multiple_choice,
        SECTION,
        "auto|letters|constrained|text|off",
        "how a model that gives no log-likelihoods chooses among options (default: auto, the first way it can)",
        ours=True,
        preview=SAME,
    )
    choice_orders: str = text(
        "canonical",
        choice_orders,
        SECTION,
        "canonical|cyclic|all|sampled:M",
        "the orders in which a prompt lists its options (default: canonical, the task's own). The task's scores stay "
        "those of its own order; those over all orders are added",
        ours=True,
        preview=SAME,
    )
    choice_orders_keep: str = text(
        "auto",
        choice_orders_keep,
        SECTION,
        "auto|none|KIND+KIND",
        "which options keep their place: those that name other options (fixed, pinned) or are sorted numbers (sorted). "
        "Default: auto, all of them",
        ours=True,
        preview=SAME,
    )
