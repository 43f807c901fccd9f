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

from proctor.models.prefix.ids import Ids
from proctor.models.prefix.packs import Edge, Limits, LogitRange, Pack, Plan
from proctor.models.prefix.trie import Node, build_trie

PASS_TOKENS = {"cpu": 256}
"""Tokens of a pass with several documents: enough for full matrix products, few enough that masked-out
attention between documents costs little."""
PASS_TOKENS_ELSEWHERE = 2048
"""By count of operations, not measured. A mask also has the pairs computed that it hides: 4 x layers x width x tokens x
(cached + tokens) operations against 2 x parameters x tokens of the products. Under an 8B model with 700 tokens cached
they are 9 % of a pass of 2,048 tokens and 15 % of one of 4,096 (1B: 16 and 24 %), at half the rate or less, and the
products of 2,048 tokens fill a GPU. ``bench/gpu.py --pass-tokens`` measures others."""


def pass_tokens(device: str) -> int:
    """Tokens of a pass with several documents, unless a run says otherwise.

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
    needs: list[LogitRange] = []
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
                needs.append(LogitRange(wanted, first, last, start + first - begin))
        start += end - begin
        if end == node.depth:
            done.extend(node.ends)
        if head is None or number > 0:
            stack.extend((child, number, child.depth - child.length, child.depth) for child in reversed(node.children))
    return Pack(past, keep, tuple(edges), tuple(needs), tuple(done), max(1, len(units)))
