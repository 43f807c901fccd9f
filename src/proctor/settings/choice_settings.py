"""The settings of multiple choice: how options are chosen, in which orders they are shown and how they are put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from proctor.errors import AnalysisError
from proctor.settings import values as accepts
from proctor.settings.score_settings import ScoreSettings
from proctor.settings.setting import SAME, switch, text
from proctor.settings.values import MultipleChoice

if TYPE_CHECKING:
    from proctor.analysis.option_kinds import Kind
    from proctor.tasks.formulations import FormulationName

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


def formulations(value: Any) -> str:
    """The formulations in which documents are put, ``task`` first, joined by commas.

    Raises:
        ValueError: It names another one.
    """
    from proctor.tasks.formulations import FORMULATIONS, TASK

    given = value if isinstance(value, (list, tuple)) else str(value).split(",")
    wanted = [str(one).strip().lower() for one in given]
    unknown = [one for one in wanted if one not in (TASK, *FORMULATIONS)]
    if unknown or not wanted:
        raise ValueError(f"must be {TASK} or names of {', '.join(FORMULATIONS)} joined by commas, not {value!r}")
    return ",".join([TASK, *[one for one in FORMULATIONS if one in wanted]])


def formulation_names(setting: str) -> tuple[FormulationName, ...]:
    """The formulations that a value of ``formulations`` means besides the task's own."""
    return tuple(cast("list[FormulationName]", setting.split(",")[1:]))


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
    formulations: str = text(
        "task",
        formulations,
        SECTION,
        "task|letter,text,hybrid,generate",
        "formulations in which each document is put besides the task's own, by commas: the letter of an option is "
        "scored (letter), its text without the options in the prompt (text), its text with them (hybrid), or an answer "
        "is written and read (generate). The task's scores stay those of its own",
        ours=True,
        preview=SAME,
    )
    choices_only: bool = switch(
        SECTION,
        "also without the question, in the examples too: what is right then was given away by the options",
        ours=True,
        preview=SAME,
    )
