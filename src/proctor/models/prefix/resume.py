"""What must be forwarded when some of a run's answers are there: whole passes, as they were planned.

The last bits of a number depend on what is forwarded beside it. So a run that goes on where it was
stopped plans all its requests anew and takes the passes that lack an answer, each whole: what comes
out is, to the last bit, what an undisturbed run would have got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proctor.models.prefix.packs import Pack


@dataclass(frozen=True, slots=True)
class PlanPart:
    """A part of a plan. ``runs``: which groups of passes; ``support``: passes that others stand on."""

    runs: tuple[bool, ...]
    support: frozenset[int]


def head_groups(packs: Sequence[Pack], head_rows: int) -> list[list[int]]:
    """The numbers of the passes whose rows go through the output head together.

    Args:
        packs: All passes of a plan, in order.
        head_rows: A group is closed once it has so many rows that need logits.
    """
    groups: list[list[int]] = [[]]
    rows = 0
    for number, pack in enumerate(packs):
        if rows >= head_rows:
            groups.append([])
            rows = 0
        groups[-1].append(number)
        rows += len({need.start + place for need in pack.needs for place in range(need.stop - need.first)})
    return groups


def part_of(packs: Sequence[Pack], groups: Sequence[Sequence[int]], missing: Sequence[bool]) -> PlanPart:
    """The part of a plan that gives what is missing.

    Args:
        packs: All passes of a plan, in order.
        groups: Their numbers, by head group (:func:`head_groups`).
        missing: Per input, whether its response is missing.

    Returns:
        The head groups with a missing input, and the passes whose tokens these find in the cache.
    """
    runs = tuple(any(missing[need.input] for number in group for need in packs[number].needs) for group in groups)
    below = _stacked(packs)
    support = {one for group, run in zip(groups, runs, strict=True) if run for number in group for one in below[number]}
    return PlanPart(runs, frozenset(support))


def _stacked(packs: Sequence[Pack]) -> list[tuple[int, ...]]:
    """For every pass, those whose tokens it finds in the cache."""
    stack: list[tuple[int, int]] = []
    paths: list[tuple[int, ...]] = []
    for number, pack in enumerate(packs):
        while stack and stack[-1][1] >= pack.past:
            stack.pop()
        paths.append(tuple(below for below, _ in stack))
        stack.append((number, pack.past))
    return paths
