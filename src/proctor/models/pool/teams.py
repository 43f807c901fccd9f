"""Ranks that hold one model together (``tp_plan``): how many they are, and which. Pure."""

# A model that is spread over processes computes only where all of them compute the same at the same time. So such
# processes are a *team*, and a team is to the others what one rank is where each holds a model of its own: it gets one
# share, and all its ranks get the same requests, in the same order, and the same seed. The first of a team sends the
# responses; the others compute, and say nothing unless they fail.
#
#   ranks      0 1 | 2 3 | 4 5        tp_size=2 of 6 ranks
#   shares      0     1     2
#
# Teams are of neighbours, because launchers put neighbours on one machine, where the parts of a model are near.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from proctor.errors import UsageError

JoinTeam: TypeAlias = Callable[[int], None]
"""Meets the other ranks of this one's team, by how many they are: the default group of torch.distributed."""
PLAN, SIZE = "tp_plan", "tp_size"
"""The arguments of a model that spread it over processes: how, and over how many."""


def team_size(args: Mapping[str, Any], ranks: int) -> int:
    """How many ranks hold one model.

    Args:
        args: The model's arguments.
        ranks: How many ranks there are.

    Raises:
        UsageError: They cannot be divided so.
    """
    size = args.get(SIZE)
    if not args.get(PLAN):
        if size is not None:
            raise UsageError(f"The model argument {SIZE} needs {PLAN}.", hint=f"Add {PLAN}=auto to --model_args.")
        return 1
    if size is None:
        return ranks
    if isinstance(size, bool) or not str(size).isdecimal() or not 0 < int(size) <= ranks or ranks % int(size):
        raise UsageError(
            f"{SIZE}={size} in --model_args, and the launcher started {ranks} processes: they cannot be divided so.",
            hint=f"Start a multiple of {SIZE}: each {SIZE} processes hold one copy of the model together.",
        )
    return int(size)


def teams_of(ranks: int, size: int) -> Sequence[range]:
    """The ranks of each team.

    Args:
        ranks: How many there are, a multiple of ``size``.
        size: How many are a team.
    """
    return [range(first, first + size) for first in range(0, ranks, size)]
