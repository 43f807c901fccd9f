"""Random numbers of an analysis: from names, never from positions."""

# A draw that depends on the position of a document changes when ``--limit`` leaves documents out. So each source is
# seeded by (seed, name of the task, hash of the document), or by as many of these as the draw is about.
# ``random.Random`` hashes a text with SHA-512, the same on every machine and every version of Python; of its methods
# only ``random()``, ``getrandbits()`` and what follows from them here are used, as only these are promised to stay.
# numpy's generators are not used: they would give other digits than a machine without numpy.

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def source_of(seed: int, *names: str) -> random.Random:
    """A source of random numbers that belongs to a seed and names.

    Args:
        seed: The seed of the run.
        names: What the draw is about: the task, the ``doc_hash``, the kind of draw.
    """
    return random.Random("\x1f".join((str(seed), *names)))


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
