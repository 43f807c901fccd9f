"""Which orders of its options a document is shown in: the setting, as tasks take it."""

from __future__ import annotations

from dataclasses import dataclass

from proctor.analysis.option_kinds import Kind
from proctor.analysis.orders import OrderMode

KINDS: tuple[Kind, ...] = ("fixed", "pinned", "sorted")
"""Kinds of documents that keep an order unless a run says otherwise."""


@dataclass(frozen=True, slots=True)
class ChoiceOrders:
    """More orders than the task's own.

    Attributes:
        mode: Which.
        keep: Kinds of documents that keep an order; a document of another kind is shown in all.
        seed: What draws begin with.
    """

    mode: OrderMode
    keep: frozenset[Kind] = frozenset(KINDS)
    seed: int = 0
