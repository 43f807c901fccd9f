"""Every distinct token prefix of a run once: a pure plan, made before a model is touched.

The inputs of all requests form a trie. The plan walks it depth first. What many inputs share
is forwarded once and its keys and values stay in a cache, a stack along the current path;
what hangs below is forwarded in *packs*: several small subtrees side by side in one sequence,
kept apart by an attention mask (each token sees the cached path, its own ancestors and
itself) and given the positions it has in its own input. Nothing is padded, so the number of
forwarded tokens is the number of nodes of the trie.

Tree attention for verifying branches of tokens in one pass: SpecInfer, arXiv:2305.09781;
sharing prefixes over a radix tree: SGLang, arXiv:2312.07104.
"""

# How the planner works
# ---------------------
# The inputs of a run are known before the first is forwarded. They are sorted by their token ids; sorted neighbours
# share the longest prefixes, so one pass over the sorted list builds the compressed trie (:func:`build_trie`).
# An edge is a run of tokens that the same inputs share. Four inputs: S the few-shot prefix, a and b two documents,
# x and y the first tokens of their options (the last token of an option predicts nothing and is no part of an input):
#
#   0: S S S S a a x                     trie                        passes with Limits(tokens=8)
#   1: S S S S a a y                                x    (input 0)
#   2: S S S S b b x             S S S S --- a a --<                 1: past 0, keep 4:  S S S S a a x y
#   3: S S S S b b y                   |            y    (input 1)      positions        0 1 2 3 4 5 6 6
#                                      |            x    (input 2)
#   28 tokens; 12 nodes                '---- b b --<                 2: past 4, keep 4:  b b x y
#                                                   y    (input 3)      positions        4 5 6 6
#
# ``past`` tokens are in the cache when a pass begins, and of what it adds the path down to ``keep`` stays. The walk
# is depth first, so the cache is a stack: what a pass stands on is always at its bottom, and ``cut(past)`` is all
# the memory management there is. A subtree larger than ``Limits.tokens`` is entered (its edge goes into the cache),
# a smaller one is a *unit*; as many units as fit are laid side by side in one pass.
#
# What was weighed
#   - Padded batches of whole inputs, as lm-eval has them: S is forwarded once per input, and padding with it.
#   - A radix tree of cached prefixes that are looked up and evicted as requests arrive (RadixAttention): right for a
#     server, which does not know what comes. Here all is known, so nothing is looked up or evicted by a guess.
#   - Blocks of keys and values with a table (PagedAttention): needs an attention kernel that reads the table. A plan
#     needs only what models of transformers take anyway: a mask, positions, a cache that grows at its end.
#   - The whole trie in one pass: attention is computed over all pairs of its tokens, masked or not. So passes are
#     bounded (:data:`PASS_TOKENS`), and lower on a CPU, where the pairs cost more than a small pass loses.
#   - Packing units as tightly as possible instead of in order: fewer passes, but no longer neighbours together.
#
# Invariants
#   - Every node is in exactly one pass: ``Plan.tokens == Plan.nodes``.
#   - The first ``past`` tokens of the cache are the path above each unit of the pass: every ``past`` is at most the
#     ``keep`` of the pass before.
#   - The last ``counts[i]`` positions of input i stand in ``needs`` exactly once; ``done`` names the input in the
#     pass with the last of them.
#   - A plan depends on the inputs, the counts, the limits and the groups alone. A resumed run makes the same one, and
#     forwards the same passes (:mod:`proctor.models.prefix.resume`).
#
# Sources: compressed tries, Morrison, PATRICIA, J. ACM 15 (1968); RadixAttention, SGLang, arXiv:2312.07104; branches
# of tokens side by side under a mask, SpecInfer, arXiv:2305.09781; PagedAttention, arXiv:2309.06180.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from proctor.models.prefix.ids import Ids, common_prefix

Ints = NDArray[np.int64]

PASS_TOKENS = {"cpu": 256}
"""Tokens of a pass with several documents: enough for full matrix products, few enough that masked-out
attention between documents costs little."""
PASS_TOKENS_ELSEWHERE = 4096


@dataclass(slots=True)
class Node:
    """An edge of the compressed trie: ``length`` tokens that end at ``depth``, below its parent.

    ``example``: an input that passes through it. ``ends``: the inputs that end here. ``needs``:
    ``(input, first, stop)``, the positions on this edge whose logits an input needs. ``size``:
    tokens of the whole subtree.
    """

    example: int
    depth: int
    length: int
    children: list[Node] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    needs: list[tuple[int, int, int]] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """Tokens ``begin`` .. ``begin + length`` of an input, at ``start`` in the pack, below edge ``parent`` or -1."""

    input: int
    begin: int
    length: int
    start: int
    parent: int


@dataclass(frozen=True, slots=True)
class Need:
    """The logits of an input's positions ``first`` .. ``stop``; they stand at ``start`` in the pack, in a row."""

    input: int
    first: int
    stop: int
    start: int


@dataclass(frozen=True, slots=True)
class Pack:
    """One forward pass on top of ``past`` cached tokens, of which ``keep`` stay in the cache afterwards.

    ``edges`` are in depth-first order. ``done``: inputs whose last logits this pack gives.
    ``documents``: subtrees side by side.
    """

    past: int
    keep: int
    edges: tuple[Edge, ...]
    needs: tuple[Need, ...]
    done: tuple[int, ...]
    documents: int

    @property
    def tokens(self) -> int:
        """Tokens forwarded."""
        last = self.edges[-1]
        return last.start + last.length


@dataclass(frozen=True, slots=True)
class Plan:
    """All packs in order. ``nodes``: distinct prefixes; ``flat``: tokens of all inputs without sharing."""

    packs: tuple[Pack, ...]
    nodes: int
    flat: int

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
        return (
            f"{self.flat:,} tokens in {len(self.packs):,} passes of {self.tokens:,} tokens: {saved:.1f} times fewer. "
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


def pass_tokens(device: str) -> int:
    """Tokens of a pass with several documents.

    Args:
        device: A kind of device: ``cpu``, ``cuda`` ...
    """
    return PASS_TOKENS.get(device, PASS_TOKENS_ELSEWHERE)


def make_plan(
    inputs: Sequence[Ids], counts: Sequence[int], limits: Limits, *, groups: Sequence[int] | None = None
) -> Plan:
    """Plan the passes that give the logits of the last ``counts[i]`` positions of every input.

    Args:
        inputs: Token ids, one array of shape (tokens,) per input.
        counts: Per input, how many of its last positions need logits.
        limits: What one pass may hold.
        groups: Per input its group: only inputs of equal group share (those of one context, say), and no pass stands
            on another's cache. None: all share.
    """
    planner = _Planner(limits)
    if groups is None:
        roots = [build_trie(inputs, counts, range(len(inputs)))]
        planner.visit(roots[0])
    else:
        members: dict[int, list[int]] = {}
        for number, key in enumerate(groups):
            members.setdefault(key, []).append(number)
        roots = [build_trie(inputs, counts, numbers) for numbers in members.values()]
        planner.pack_units([child for root in roots for child in root.children], 0)
    return Plan(tuple(planner.packs), sum(root.size for root in roots), sum(map(len, inputs)))


def build_trie(inputs: Sequence[Ids], counts: Sequence[int], numbers: Sequence[int]) -> Node:
    """The compressed trie of some inputs, below an empty root; children in order of their tokens.

    Args:
        inputs: Token ids, arrays of shape (tokens,).
        counts: Per input, how many of its last positions need logits.
        numbers: The inputs that are taken, by their place in ``inputs``.
    """
    order = sorted(numbers, key=lambda number: inputs[number].astype(">u4").tobytes())
    root = Node(example=order[0] if order else 0, depth=0, length=0)
    path = [root]
    for previous, number in zip([None, *order], order, strict=False):
        tokens = inputs[number]
        common = 0 if previous is None else common_prefix(inputs[previous], tokens)
        _ascend(path, common)
        if len(tokens) > common:
            path.append(Node(example=number, depth=len(tokens), length=len(tokens) - common))
            path[-2].children.append(path[-1])
        path[-1].ends.append(number)
    _annotate(root, inputs, counts)
    return root


def _ascend(path: list[Node], common: int) -> None:
    """Leave the nodes deeper than ``common``, splitting the edge that passes it."""
    last: Node | None = None
    while path[-1].depth > common:
        last = path.pop()
    if last is None or path[-1].depth == common:
        return
    split = Node(example=last.example, depth=common, length=common - path[-1].depth, children=[last])
    last.length = last.depth - common
    path[-1].children[-1] = split
    path.append(split)


def _annotate(root: Node, inputs: Sequence[Ids], counts: Sequence[int]) -> None:
    """Fill in sizes and needs, without recursion (a trie can be deep)."""
    order: list[Node] = []
    path: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        while path and path[-1].depth > node.depth - node.length:
            path.pop()
        path.append(node)
        for number in node.ends:
            first = len(inputs[number]) - counts[number]
            for above in reversed(path):
                if above.depth <= first:
                    break
                above.needs.append((number, max(first, above.depth - above.length), above.depth))
        stack.extend(reversed(node.children))
    for node in reversed(order):
        node.size = node.length + sum(child.size for child in node.children)


class _Planner:
    """Walks a trie and emits packs."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.packs: list[Pack] = []

    def visit(self, root: Node) -> None:
        """Emit the packs of a trie: what is large goes into the cache, what is small is packed on top of it."""
        stack = [root]
        while stack:
            node = stack.pop()
            small = [child for child in node.children if child.size <= self._limits.tokens]
            large = [child for child in node.children if child.size > self._limits.tokens]
            rest: Sequence[Node] = small
            if node.length:
                begin = self._shorten(node)
                first, rest = self._take(small, self._limits.tokens - (node.depth - begin))
                keep = node.depth if rest or large else begin
                self.packs.append(_pack(begin, keep, (node, begin), first))
            self.pack_units(rest, node.depth)
            stack.extend(reversed(large))

    def _shorten(self, node: Node) -> int:
        """Forward the beginning of an edge that is too long for one pass; return where the rest begins."""
        begin = node.depth - node.length
        while node.depth - begin > self._limits.longest:
            stop = begin + self._limits.longest
            self.packs.append(_pack(begin, stop, (node, begin), (), stop))
            begin = stop
        return begin

    def pack_units(self, units: Sequence[Node], past: int) -> None:
        """Emit subtrees that hang below a cached path of ``past`` tokens, several to a pack."""
        rest: Sequence[Node] = units
        while rest:
            first, rest = self._take(rest, self._limits.tokens, at_least=1)
            self.packs.append(_pack(past, past, None, first))

    def _take(self, units: Sequence[Node], room: int, at_least: int = 0) -> tuple[Sequence[Node], Sequence[Node]]:
        count, tokens = 0, 0
        limit = len(units) if self._limits.documents is None else min(len(units), self._limits.documents)
        while count < limit:
            tokens += units[count].size
            if tokens > room and count >= at_least:
                break
            count += 1
        return units[:count], units[count:]


def _pack(past: int, keep: int, head: tuple[Node, int] | None, units: Sequence[Node], stop: int | None = None) -> Pack:
    """Lay out a pack: ``head`` is an edge and where it begins (``stop``: where it is cut), ``units`` hang below it."""
    edges: list[Edge] = []
    needs: list[Need] = []
    done: list[int] = []
    stack = [(unit, 0 if head else -1, unit.depth - unit.length, unit.depth) for unit in reversed(units)]
    if head is not None:
        stack.append((head[0], -1, head[1], head[0].depth if stop is None else stop))
    start = 0
    while stack:
        node, parent, begin, end = stack.pop()
        number = len(edges)
        edges.append(Edge(node.example, begin, end - begin, start, parent))
        for wanted, first, last in node.needs:
            first, last = max(first, begin), min(last, end)
            if first < last:
                needs.append(Need(wanted, first, last, start + first - begin))
        start += end - begin
        if end == node.depth:
            done.extend(node.ends)
        if head is None or number > 0:
            stack.extend((child, number, child.depth - child.length, child.depth) for child in reversed(node.children))
    return Pack(past, keep, tuple(edges), tuple(needs), tuple(done), max(1, len(units)))


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
