"""Which prompts are generated side by side, and how much of their beginning is computed once for all.

Pure: token ids in, groups out. Few-shot prompts of one task share their shots; prompts of
several tasks share little. A group costs one pass over its prefix, so prompts are split into
groups where the tokens that a longer common prefix saves are more than it costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proctor.models.prefix.ids import Ids, common_prefix

LEAST_PREFIX = 16
"""A shorter common beginning (a BOS token, a word) is not worth a pass of its own."""
CHANGE = 256
"""What it costs, in tokens, to go from one group to the next: a batch runs empty."""


@dataclass(frozen=True, slots=True)
class Group:
    """``members`` (places in the list of prompts, longest first) share their first ``prefix`` tokens."""

    prefix: int
    members: tuple[int, ...]


@dataclass(slots=True)
class _Interval:
    """Neighbours in the sorted list that share ``depth`` tokens and belong to no group yet."""

    depth: int
    members: list[int]


def group_prompts(prompts: Sequence[Sequence[int]], *, share: bool = True) -> list[Group]:
    """Every prompt in exactly one group; groups with the longest prompts first.

    Args:
        prompts: Token ids of each prompt.
        share: False: one group without a prefix.

    Returns:
        Groups whose prefix is 0 or at least :data:`LEAST_PREFIX` tokens, and shorter than each of their prompts.
    """
    arrays = [np.asarray(prompt, dtype=np.int32) for prompt in prompts]
    groups = _split(arrays) if share else [(0, list(range(len(prompts))))]
    sorted_groups = [
        # Every prompt keeps a token of its own: the one whose logits say what comes next.
        Group(prefix if prefix >= LEAST_PREFIX else 0, tuple(sorted(members, key=lambda one: (-len(arrays[one]), one))))
        for depth, members in groups
        if members
        for prefix in [min([depth, *(len(arrays[one]) - 1 for one in members)])]
    ]
    return sorted(sorted_groups, key=lambda group: -len(arrays[group.members[0]]))


def _split(arrays: Sequence[Ids]) -> list[tuple[int, list[int]]]:
    """Walk the common prefixes of sorted neighbours from the inside out, closing groups that pay."""
    order = sorted(range(len(arrays)), key=lambda one: arrays[one].astype(">u4").tobytes())
    groups: list[tuple[int, list[int]]] = []
    stack = [_Interval(0, [])]
    for before, one in zip([None, *order], order, strict=False):
        _close(stack, groups, 0 if before is None else common_prefix(arrays[before], arrays[one]))
        stack.append(_Interval(len(arrays[one]), [one]))
    _close(stack, groups, 0)
    return [*groups, (0, stack[0].members)]


def _close(stack: list[_Interval], groups: list[tuple[int, list[int]]], shared: int) -> None:
    """Close what reaches deeper than ``shared``: a group of its own, or part of what lies around it."""
    while stack[-1].depth > shared:
        inner = stack.pop()
        if stack[-1].depth < shared:
            stack.append(_Interval(shared, []))
        outer = stack[-1]
        saved = len(inner.members) * (inner.depth - outer.depth)
        if saved > inner.depth + CHANGE:
            groups.append((inner.depth, inner.members))
        else:
            outer.members.extend(inner.members)
