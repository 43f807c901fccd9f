"""Orders in which the options of an item are shown."""

# An order of K options is a list ``o``: position p shows option ``o[p]``. The canonical order is the identity and
# always the first.
#
#   cyclic      ``o_r[p] = (p + r) mod K``: each option stands at each position once
#   all         the K! permutations, lexicographic
#   sampled:M   ceil(M/K) blocks of K rotations, the first of the identity, the others of random permutations
#
# Why blocks of rotations: a model that goes by content then chooses every position equally often, whatever it knows,
# and the test of position bias (``order_positions``) needs no model of its knowledge. Invariant: under cyclic, sampled
# and all, each option that moves stands at each free position equally often.
#
# Items of kinds that keep an order (``option_kinds``) have fewer: fixed ones the canonical, sorted ones that and its
# reverse, pinned ones those of the options that move.

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.analysis.draws import permuted
from proctor.analysis.option_kinds import ItemKind
from proctor.errors import AnalysisError

Order: TypeAlias = tuple[int, ...]

MOST_ORDERS = 120
"""Orders of one item that ``all`` may have: those of five options."""


PlainMode: TypeAlias = Literal["canonical", "cyclic", "all"]
PLAIN_MODES: tuple[PlainMode, ...] = ("canonical", "cyclic", "all")
"""Values of ``--choice_orders`` without a number."""


@dataclass(frozen=True, slots=True)
class OrderMode:
    """A value of ``--choice_orders``."""

    name: PlainMode | Literal["sampled"]
    count: int = 0
    """Of ``sampled:M``, M."""


def order_mode(text: str) -> OrderMode:
    """Read a value of ``--choice_orders``.

    Args:
        text: "canonical", "cyclic", "all" or "sampled:M".

    Raises:
        AnalysisError: It is none of them, or M is no number above 0.
    """
    name, colon, count = text.partition(":")
    if name == "sampled" and colon and count.isascii() and count.isdigit() and int(count) > 0:
        return OrderMode("sampled", int(count))
    for plain in PLAIN_MODES:
        if text == plain:
            return OrderMode(plain)
    raise AnalysisError(f"{text!r} are no orders of choices: give canonical, cyclic, all or sampled:M with a number M.")


def cyclic_orders(options: int, pinned: Collection[int] = ()) -> list[Order]:
    """The rotations of the options that move.

    Args:
        options: K, at least one.
        pinned: Positions whose option stays.
    """
    return _rotations([position for position in range(options) if position not in pinned], options, pinned)


def _rotations(moving: Sequence[int], options: int, pinned: Collection[int]) -> list[Order]:
    """The rotations of a permutation of the options that move, through the free positions."""
    count = max(1, len(moving))
    return [_placed([*moving[r:], *moving[:r]], options, pinned) for r in range(count)]


def _placed(moving: Sequence[int], options: int, pinned: Collection[int]) -> Order:
    """The order that shows ``moving`` at the free positions, one after the other."""
    rest = iter(moving)
    return tuple(position if position in pinned else next(rest) for position in range(options))


def all_orders(options: int, pinned: Collection[int] = ()) -> list[Order]:
    """The permutations of the options that move, in lexicographic order.

    Args:
        options: K, at least one.
        pinned: Positions whose option stays.

    Raises:
        AnalysisError: There are more than 120.
    """
    moving = [position for position in range(options) if position not in pinned]
    count = math.factorial(len(moving))
    if count > MOST_ORDERS:
        raise AnalysisError(
            f"{len(moving)} options that move have {count:,} orders; at most {MOST_ORDERS} of an item are run.",
            hint=f"sampled:{4 * len(moving)} runs a few blocks of rotations of each item.",
        )
    return [_placed(permutation, options, pinned) for permutation in itertools.permutations(moving)]


def sampled_orders(options: int, count: int, source: random.Random, pinned: Collection[int] = ()) -> list[Order]:
    """Blocks of rotations, the first of the canonical order, the others of random permutations; no order twice.

    Args:
        options: K, at least one.
        count: How many orders are wanted; rounded up to whole blocks, at most all that there are.
        source: That of the item, see :func:`proctor.analysis.draws.source_of`.
        pinned: Positions whose option stays.
    """
    moving = [position for position in range(options) if position not in pinned]
    size = max(1, len(moving))
    blocks = min(math.ceil(count / size), math.factorial(size - 1))
    result = cyclic_orders(options, pinned)
    seen = set(result)
    while len(result) < blocks * size:
        block = _rotations(permuted(moving, source), options, pinned)
        if block[0] not in seen:  # blocks are equal or have no order in common
            result += block
            seen.update(block)
    return result


def choice_orders(kind: ItemKind, options: int, mode: OrderMode, source: random.Random) -> list[Order]:
    """The orders in which an item is asked.

    Args:
        kind: Its kind, of :func:`proctor.analysis.option_kinds.item_kind`, made free where its kind is not to be kept.
        options: K, at least one.
        mode: Which orders are wanted.
        source: That of the item, by (seed, task, ``doc_hash``): ``--limit`` changes no item's orders.

    Returns:
        The canonical order first; no order twice.

    Raises:
        AnalysisError: There is no option, or ``all`` of an item has more than 120 orders.
    """
    if options < 1:
        raise AnalysisError("An item without options has no orders.")
    canonical = tuple(range(options))
    if mode.name == "canonical" or kind.kind == "fixed" or options == 1:
        return [canonical]
    if kind.kind == "sorted":
        return [canonical, canonical[::-1]]
    if mode.name == "all":
        return all_orders(options, kind.pinned)
    if mode.name == "sampled":
        return sampled_orders(options, mode.count, source, kind.pinned)
    return cyclic_orders(options, kind.pinned)


@dataclass(frozen=True, slots=True)
class OptionLines:
    """Option lines that an engine computes for one item: prefixes that orders share are computed once."""

    cyclic: int
    all: int
    all_without_sharing: int


def option_lines(options: int) -> OptionLines:
    """Distinct beginnings of the orders of a free item: K² cyclic; ``sum_{d=1..K} K!/(K-d)!`` of all, without sharing
    K·K!.

    Args:
        options: K, at least one.
    """
    every = math.factorial(options)
    shared = sum(every // math.factorial(options - depth) for depth in range(1, options + 1))
    return OptionLines(options**2, shared, options * every)


def distinct_lines(orders: Sequence[Order]) -> int:
    """Option lines that an engine computes for an item asked in these orders: their distinct beginnings.

    Args:
        orders: The orders of one item.
    """
    return len({order[:depth] for order in orders for depth in range(1, len(order) + 1)})
