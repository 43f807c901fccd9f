"""The bootstrap of statistics that are no means: F1, BLEU, calibration errors, the spread of recalls."""

# Units are drawn with replacement, as many as there are, and the statistic is computed anew. Units are what varies
# independently: documents, pairs of scores of one document, or whole clusters (each a sequence of its documents). The
# interval is the range of the middle 95 % of the draws.
#
# Why not ``stats.bootstrap``: that one repeats lm-eval's own draws to the last bit, needs numpy, and knows no pairs
# and no clusters. Means need neither: they have formulas.
#
# Source: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 6 and 13.

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from proctor.analysis.distributions import check_level
from proctor.analysis.draws import multinomial, quantile
from proctor.analysis.statistic import check_some
from proctor.errors import AnalysisError
from proctor.stats.intervals import Interval
from proctor.stats.standard_errors import sample_std

T = TypeVar("T")

DRAWS = 1000
_MOST_UNDEFINED = 0.05


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How a statistic varies over resamples."""

    stderr: float | None
    interval: Interval | None
    draws: int
    undefined: int
    """Resamples in which the statistic does not exist; they are left out."""
    reason: str | None
    """Why there is no standard error and no interval."""


def bootstrap(
    units: Sequence[T],
    statistic: Callable[[Sequence[T]], float | None],
    *,
    source: random.Random,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Bootstrap:
    """Resample units and compute a statistic of each resample.

    Args:
        units: n documents, pairs or clusters, at least one.
        statistic: From n units to a number; None or NaN where it does not exist. For a paired comparison: the
            difference of both statistics.
        source: Where randomness comes from, see :func:`proctor.analysis.draws.source_of`.
        draws: Resamples, at least two.
        level: The probability to cover.

    Raises:
        AnalysisError: There are no units, fewer than two draws, or the level is no probability.
    """
    check_some(units, "units")
    return _summary(lambda: statistic(source.choices(units, k=len(units))), draws, level)


def bootstrap_counts(
    counts: Sequence[int],
    statistic: Callable[[Sequence[int]], float | None],
    *,
    source: random.Random,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Bootstrap:
    """Resample units of a few kinds: a draw costs a number for each kind, not for each unit.

    Args:
        counts: Units of each kind, at least one unit.
        statistic: From units of each kind to a number; None or NaN where it does not exist.
        source: Where randomness comes from, see :func:`proctor.analysis.draws.source_of`.
        draws: Resamples, at least two.
        level: The probability to cover.

    Raises:
        AnalysisError: There are no units, fewer than two draws, or the level is no probability.
    """
    check_some([count for count in counts if count], "units")
    return _summary(lambda: statistic(multinomial(counts, source)), draws, level)


def _summary(replicate: Callable[[], float | None], draws: int, level: float) -> Bootstrap:
    """How a statistic varies over ``draws`` calls of ``replicate``."""
    tail = check_level(level)
    if draws < 2:
        raise AnalysisError(f"A bootstrap of {draws} draws shows no spread: it needs at least 2, better {DRAWS}.")
    replicates = [replicate() for _ in range(draws)]
    known = sorted(value for value in replicates if value is not None and math.isfinite(value))
    undefined = draws - len(known)
    if undefined > _MOST_UNDEFINED * draws or len(known) < 2:
        return Bootstrap(None, None, draws, undefined, f"it does not exist in {undefined} of {draws} resamples")
    if known[0] == known[-1]:
        return Bootstrap(None, None, draws, undefined, "all resamples give the same: their spread is unknown")
    return Bootstrap(sample_std(known), (quantile(known, tail), quantile(known, 1 - tail)), draws, undefined, None)
