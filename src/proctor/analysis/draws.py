"""Random numbers of an analysis: from names, never from positions."""

# A draw that depends on the position of a document changes when ``--limit`` leaves documents out. So each source is
# seeded by (seed, name of the task, hash of the document), or by as many of these as the draw is about.
# ``random.Random`` hashes a text with SHA-512, the same on every machine and every version of Python; of its methods
# only ``random()`` and ``getrandbits()`` are used, which stay as they are, and ``choices``, a plain use of
# ``random()``. numpy's generators are not used: they would give other digits than a machine without numpy.

from __future__ import annotations

import itertools
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from proctor.analysis.distributions import binomial_window

T = TypeVar("T")


def source_of(seed: int, *names: str) -> random.Random:
    """A source of random numbers that belongs to a seed and names.

    Args:
        seed: The seed of the run.
        names: What the draw is about: the task, the ``doc_hash``, the kind of draw.
    """
    # As bytes: the same source as the text gives, and a name of a task may hold half a letter (a lone surrogate).
    return random.Random("\x1f".join((str(seed), *names)).encode("utf-8", "surrogatepass"))


def permuted(values: Sequence[T], source: random.Random) -> list[T]:
    """The values in a random order, each order equally likely.

    Args:
        values: Anything.
        source: Where randomness comes from.
    """
    # By keys of 53 bits: how ``shuffle`` draws is not promised to stay.
    return [
        value for _, _, value in sorted((source.random(), position, value) for position, value in enumerate(values))
    ]


_UNITS_PER_KIND = 100
"""A binomial number takes as long as about so many units."""


def binomial(n: int, p: float, source: random.Random) -> int:
    """A number of hits in ``n`` independent trials, by inversion: one random number, whatever n is.

    Args:
        n: The number of trials.
        p: The probability of a hit, within [0, 1].
        source: Where randomness comes from.
    """
    if n < 1 or p <= 0 or p >= 1:
        return n if p >= 1 else 0
    low, window = binomial_window(n, p, 1e-18)
    cumulative = list(itertools.accumulate(window))
    return low + min(bisect_left(cumulative, source.random()), len(window) - 1)


def multinomial(counts: Sequence[int], source: random.Random) -> list[int]:
    """How often each kind comes up when as many units as there are get drawn with replacement.

    Of few kinds: kind by kind, each a binomial number of what is left, equal in law to drawing every unit.

    Args:
        counts: Units of each kind.
        source: Where randomness comes from.
    """
    rest = weight = sum(counts)
    if len(counts) * _UNITS_PER_KIND > rest:
        units = Counter(source.choices(range(len(counts)), counts, k=rest))
        return [units[kind] for kind in range(len(counts))]
    drawn = []
    for count in counts:
        hits = binomial(rest, count / weight, source) if weight else 0
        drawn.append(hits)
        rest, weight = rest - hits, weight - count
    return drawn


def quantile(ascending: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, interpolated between neighbours (Hyndman and Fan's type 7).

    Args:
        ascending: Numbers in ascending order, at least one.
        share: Between 0 and 1.
    """
    position = share * (len(ascending) - 1)
    low = int(position)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (ascending[high] - ascending[low]) * (position - low)
