"""What the planner hands to an executor: forward passes, and the arrays that lay one out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor.models.prefix.ids import Ids
from proctor.plurals import counted

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edge:
    """A run of tokens in a pack: part of an input, and what it hangs below. All numbers are tokens."""

    input: int  # index into the planner's inputs, of one that has these tokens; others may share them
    begin: int  # where they begin in that input, which is their position for the model, too
    length: int
    start: int  # where they begin in the pack
    parent: int  # index into Pack.edges of the edge that they follow; -1: what is cached


@dataclass(frozen=True, slots=True)
class LogitRange:
    """Positions of an input whose logits are needed, all of one edge, so that they stand in a row in the pack."""

    input: int  # index into the planner's inputs
    first: int  # the first position in that input
    stop: int  # the position after the last
    start: int  # where the first stands in the pack


@dataclass(frozen=True, slots=True)
class Pack:
    """One forward pass."""

    past: int  # tokens in the cache on which it stands
    keep: int  # tokens of the cache that stay after it: past, and what it adds of one path
    edges: tuple[Edge, ...]  # depth first: what descends from an edge follows it without a gap
    needs: tuple[LogitRange, ...]  # the logits that it gives
    done: tuple[int, ...]  # inputs whose last logits it gives
    documents: int  # subtrees side by side

    @property
    def tokens(self) -> int:
        """Tokens forwarded."""
        last = self.edges[-1]
        return last.start + last.length


@dataclass(frozen=True, slots=True)
class Plan:
    """All passes of some inputs."""

    packs: tuple[Pack, ...]  # in the order in which they are forwarded
    nodes: int  # distinct prefixes of all inputs
    flat: int  # tokens of all inputs, nothing shared

    @property
    def tokens(self) -> int:
        """Tokens forwarded."""
        return sum(pack.tokens for pack in self.packs)

    @property
    def peak(self) -> int:
        """The largest number of tokens in the cache at one time, those of the pass included."""
        return max((pack.past + pack.tokens for pack in self.packs), default=0)

    def __str__(self) -> str:
        saved = self.flat / self.tokens if self.tokens else 1.0
        passes = counted(len(self.packs), "pass", "passes")
        return (
            f"{self.flat:,} tokens in {passes} of {self.tokens:,} tokens: {saved:.1f} times fewer. "
            f"{self.nodes:,} distinct prefixes; the cache holds up to {self.peak:,} tokens."
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What one pass may hold: ``tokens`` in several subtrees, ``documents`` of them (None: any number).

    One path alone may be longer, up to ``longest`` tokens; beyond that it is cut.
    """

    tokens: int
    documents: int | None = None
    longest: int = 1 << 30


def reach(pack: Pack) -> Ints:
    """The place after the last descendant of each token of a pack, shape (tokens,).

    In depth-first order what descends from a token follows it without a gap, so a token at place
    i sees the token at place j exactly if ``j <= i < reach[j]``.

    Args:
        pack: A pack.
    """
    ends = [edge.start + edge.length for edge in pack.edges]
    for number in range(len(pack.edges) - 1, -1, -1):
        parent = pack.edges[number].parent
        if parent >= 0:
            ends[parent] = max(ends[parent], ends[number])
    return np.repeat(np.array(ends), [edge.length for edge in pack.edges])


def places(pack: Pack) -> Ints:
    """The position of each token of a pack in its own input, shape (tokens,).

    Args:
        pack: A pack.
    """
    return np.concatenate([np.arange(edge.begin, edge.begin + edge.length) for edge in pack.edges])


def flatten(pack: Pack, inputs: Sequence[Ids]) -> tuple[Ids, Ints]:
    """The token ids of a pack and their positions, each of shape (tokens,).

    Args:
        pack: A pack.
        inputs: The inputs that it was planned for.
    """
    ids = np.concatenate([inputs[edge.input][edge.begin : edge.begin + edge.length] for edge in pack.edges])
    return ids, places(pack)
