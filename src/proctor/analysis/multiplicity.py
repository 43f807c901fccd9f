"""Several tests at once: p-values corrected for their number."""

# 57 subjects without any difference give at least one p below 0.05 in 87 % of comparisons. Holm's correction keeps the
# probability of *any* false claim at the level, whatever the tests have to do with each other, and never finds less
# than Bonferroni's. Benjamini and Hochberg's bounds the expected share of false claims among the claims; Benjamini and
# Yekutieli's does so for tests that depend on each other in any way.
#
# Invariant: Holm >= Benjamini-Hochberg >= raw. A missing p stays missing and does not count.
#
# Sources: S. Holm 1979; Y. Benjamini, Y. Hochberg 1995; Y. Benjamini, D. Yekutieli 2001.

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from proctor.errors import AnalysisError

Correction: TypeAlias = Literal["holm", "bh", "by", "none"]


def adjusted(p: Sequence[float | None], correction: Correction = "holm") -> list[float | None]:
    """p-values corrected for their number, in the order of the originals.

    Args:
        p: The p-value of each test; None where a test has none.
        correction: "holm", "bh" (Benjamini-Hochberg), "by" (Benjamini-Yekutieli) or "none".

    Raises:
        AnalysisError: The correction is unknown, or a p does not lie between 0 and 1.
    """
    known = [(value, position) for position, value in enumerate(p) if value is not None]
    for value, position in known:
        if not 0 <= value <= 1:
            raise AnalysisError(f"The p-value at position {position} is {value}: it must lie between 0 and 1.")
    known.sort()
    result: list[float | None] = list(p)
    for (_, position), value in zip(known, _corrected([value for value, _ in known], correction), strict=True):
        result[position] = value
    return result


def _corrected(ascending: list[float], correction: str) -> list[float]:
    """The corrected p-values of ascending ones."""
    count = len(ascending)
    if correction == "none":
        return ascending
    if correction == "holm":
        highest, corrected = 0.0, []
        for rank, value in enumerate(ascending):
            highest = max(highest, min(1.0, (count - rank) * value))
            corrected.append(highest)
        return corrected
    if correction not in ("bh", "by"):
        raise AnalysisError(f"There is no correction {correction!r}: choose holm, bh, by or none.")
    factor = sum(1 / rank for rank in range(1, count + 1)) if correction == "by" else 1.0
    lowest, corrected = 1.0, []
    for rank in range(count, 0, -1):
        lowest = min(lowest, factor * count * ascending[rank - 1] / rank)
        corrected.append(lowest)
    return corrected[::-1]
