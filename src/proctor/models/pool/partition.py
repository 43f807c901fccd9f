"""Which requests one model of a pool gets: whole groups of shared prefixes, as even as they can be dealt. Pure."""

# How requests are divided
# ------------------------
# Requests are sorted by their prefixes, as the planner of one model sorts them (:mod:`proctor.models.prefix.plan`).
# Neighbours then share the longest prefixes, and one pass over the common prefixes of neighbours gives the tree of all
# shared ones: a node is a range of the sorted requests, its depth is what they all share. What a range costs is the
# number of distinct prefixes below it, the shared one on top of it included, and what each request adds alone:
#
#   request      S a x   S a y   S b x   T c x   T c y
#   shared     0       2       1       0       2            with the neighbour before it
#   cost         3       1       2       3       1     =  10;   cut between "S a" and "S b":  4 + (1 + 2) + 4 = 11
#
# A range that costs more than ``largest`` is cut where its prefix is shortest, that is into the children of its node;
# each piece pays the prefix anew. Pieces that cost less than ``smallest`` are joined with their neighbours. The result
# is a list of *units*. A share gets whole units: the dearest first, each to the share that costs least by then
# (Graham's LPT rule), where what a unit shares with the units that are there already costs nothing.
#
# What was weighed
#   - Document by document (lm-eval, accelerate): each process computes every few-shot prefix, and the options of one
#     document may part. On MMLU with 5 shots and 8 processes that is 8 times the prefixes.
#   - Ranges of equal cost, cut near the ideal places: at most n - 1 groups are divided, but always about so many, also
#     where whole groups could be dealt evenly.
#   - The best of all partitions: that is bin packing. LPT is never more than one unit away from the mean.
#
# Invariants
#   - Each request is in exactly one unit and in exactly one share.
#   - A node that costs no more than ``largest`` is in one unit.
#   - The dearest share costs at most the mean and one unit; so units are made smaller (and only then) until shares are
#     even, or until a unit is one request.
#   - All depends on the loads and on ``n`` alone.
#
# Sources: R. L. Graham, Bounds on multiprocessing timing anomalies, SIAM J. Appl. Math. 17 (1969); trees of ranges from
# common prefixes of neighbours, M. I. Abouelhoda et al., J. Discrete Algorithms 2 (2004).

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from proctor.models.generation import DEFAULT_MAX_TOKENS, LENGTH_NAMES
from proctor.types import Generate, Loglikelihood, Request, Rolling

EVEN = 0.05
"""By how much the dearest share may exceed the mean before groups are divided that would fit into a share."""
FINEST = 64
"""Pieces of a share that are worth a unit: a smaller one is joined with its neighbours."""
UNITS_PER_WORKER = 8
"""Units of a work queue for each worker: at the end, one that is alone waits for an eighth of its work at most."""
CHARACTERS_PER_TOKEN = 4
"""What a generated token costs, where prompts are counted in characters."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a request costs.

    Attributes:
        group: Only requests of one group share prefixes.
        prefix: What it shares with others that begin alike: a text, or token ids.
        own: What it costs beyond its prefix, in the unit of the prefix: characters or tokens.
    """

    group: str
    prefix: str | Sequence[int]
    own: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """Requests that are computed together.

    Attributes:
        members: Their places, in the order of their prefixes.
        cost: What is computed for them where they are alone, in the unit of their loads.
    """

    members: tuple[int, ...]
    cost: int


def request_load(request: Request) -> Load:
    """What a request costs, in characters: nothing is encoded for it.

    Args:
        request: Of any kind.
    """
    if isinstance(request, Loglikelihood):
        return Load(request.kind, request.context, sum(map(len, request.continuations)))
    if isinstance(request, Rolling):
        # Windows of whole texts share nothing.
        return Load(request.kind, "", len(request.text))
    prompt = "\n".join(request.texts)
    if not isinstance(request, Generate):
        return Load(request.kind, prompt, CHARACTERS_PER_TOKEN)
    limits = [value for name in LENGTH_NAMES if isinstance(value := request.kwargs.get(name), int)]
    most = max(1, limits[0] if limits else DEFAULT_MAX_TOKENS)
    # Texts of other arguments are generated in batches of their own.
    return Load(f"{request.kind} {request.kwargs!r}", prompt, most * CHARACTERS_PER_TOKEN)


def partition(loads: Sequence[Load], n: int) -> list[Unit]:
    """Divide requests into ``n`` shares that are computed at once.

    Args:
        loads: Of each request.
        n: Shares, at least 1.

    Returns:
        One unit for each share; with fewer requests than shares, some have no members.
    """
    order = _Order.of(loads)
    share = max(1, order.total // n)
    best: list[_Share] = []
    pieces = 1
    while pieces * 2 <= FINEST:
        shares = _deal(order, order.units(share // pieces, share // FINEST), n)
        if not best or max(one.cost for one in shares) < max(one.cost for one in best):
            best = shares
        if is_even([one.cost for one in best]):
            break
        pieces *= 2
    return [Unit(tuple(order.members(one.ranges)), one.cost) for one in best]


def work_queue(loads: Sequence[Load], workers: int, per_worker: int = UNITS_PER_WORKER) -> list[Unit]:
    """Divide requests into units from which each worker takes the next one when it is done, the dearest first.

    Args:
        loads: Of each request.
        workers: How many take units, at least 1.
        per_worker: How many units each of them takes, about.
    """
    order = _Order.of(loads)
    largest = max(1, order.total // (workers * per_worker))
    units = [Unit(tuple(order.members([one])), order.cost(*one)) for one in order.units(largest, largest // 2)]
    # Python's sort is stable: units of one cost stay in the order of their prefixes.
    return sorted(units, key=lambda unit: -unit.cost)


def is_even(costs: Sequence[int]) -> bool:
    """Whether no share costs much more than the mean of all.

    Args:
        costs: Of each share.
    """
    return max(costs) * len(costs) <= (1 + EVEN) * sum(costs)


_Range = tuple[int, int]
"""Sorted requests, from the first to before the last."""


@dataclass(slots=True)
class _Node:
    """Sorted requests that share ``depth`` tokens; ``children`` share more, or are one request."""

    depth: int
    first: int
    stop: int = 0
    children: list[_Node] = field(default_factory=list)


class _Order:
    """Requests in the order of their prefixes.

    Args:
        places: The request at each place of the order.
        shared: What each shares with the one before it; 0 of the first. One more at the end: 0.
        costs: What each adds to those before it.
    """

    def __init__(self, places: Sequence[int], shared: Sequence[int], costs: Sequence[int]) -> None:
        self._places = places
        self.shared = shared
        self._sums = [0]
        for cost in costs:
            self._sums.append(self._sums[-1] + cost)

    @classmethod
    def of(cls, loads: Sequence[Load]) -> _Order:
        """Sort requests by their prefixes."""
        places = sorted(range(len(loads)), key=lambda place: (loads[place].group, loads[place].prefix))
        sorted_loads = [loads[place] for place in places]
        shared = [0]
        for before, load in pairwise(sorted_loads):
            shared.append(_common(before.prefix, load.prefix) if before.group == load.group else 0)
        # A request that adds nothing would be dealt for nothing: it is something to send and to read.
        costs = [max(1, len(load.prefix) - depth + load.own) for load, depth in zip(sorted_loads, shared, strict=False)]
        return cls(places, [*shared[: len(places)], 0], costs)

    @property
    def total(self) -> int:
        """What all requests cost together."""
        return self._sums[-1]

    def cost(self, first: int, stop: int) -> int:
        """What a range costs alone: the prefix that it shares with the one before it is computed anew."""
        return self.shared[first] + self._sums[stop] - self._sums[first]

    def members(self, ranges: Sequence[_Range]) -> Iterator[int]:
        """The requests of some ranges."""
        return (place for first, stop in ranges for place in self._places[first:stop])

    def units(self, largest: int, smallest: int) -> list[_Range]:
        """Divide all requests: no shared prefix is divided below which all costs at most ``largest``."""
        units: list[_Range] = []
        stack = [self._tree()] if self._places else []
        while stack:
            node = stack.pop()
            if node.children and self.cost(node.first, node.stop) > largest:
                stack.extend(reversed(node.children))
                continue
            first = units[-1][0] if units else 0
            small = units and min(self.cost(*units[-1]), self.cost(node.first, node.stop)) < smallest
            if small and self.cost(first, node.stop) <= largest:
                units[-1] = (first, node.stop)
            else:
                units.append((node.first, node.stop))
        return units

    def _tree(self) -> _Node:
        """The tree of shared prefixes, from what neighbours share."""
        path = [_Node(0, 0)]
        for place in range(len(self._places)):
            leaf = _Node(0, place, place + 1)
            shared = self.shared[place + 1]
            last = leaf
            while path[-1].depth > shared:
                node = path.pop()
                node.stop = place + 1
                node.children.append(last)
                last = node
            if path[-1].depth < shared:
                path.append(_Node(shared, last.first))
            path[-1].children.append(last)
        path[0].stop = len(self._places)
        return path[0]


class _Share:
    """What one share has so far.

    Args:
        order: All requests.
    """

    def __init__(self, order: _Order) -> None:
        self._order = order
        self.ranges: list[_Range] = []
        self.cost = 0

    def add(self, unit: _Range) -> None:
        """Take a unit; what it shares with its neighbours in this share is there already."""
        at = bisect(self.ranges, unit)
        before = min(self._order.shared[self.ranges[at - 1][1] : unit[0] + 1]) if at else 0
        after = min(self._order.shared[unit[1] : self.ranges[at][0] + 1]) if at < len(self.ranges) else 0
        self.cost += self._order.cost(*unit) - max(before, after)
        self.ranges.insert(at, unit)


def _deal(order: _Order, units: Sequence[_Range], n: int) -> list[_Share]:
    shares = [_Share(order) for _ in range(n)]
    heap = [(0, number) for number in range(n)]
    for unit in sorted(units, key=lambda one: -order.cost(*one)):
        _, number = heap[0]
        shares[number].add(unit)
        heapq.heapreplace(heap, (shares[number].cost, number))
    return shares


def _common(first: str | Sequence[int], second: str | Sequence[int]) -> int:
    """How much two prefixes share: slices are compared, which is faster than element by element."""
    low, high = 0, min(len(first), len(second))
    if first[:high] == second[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle
    return low
