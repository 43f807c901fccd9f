"""Statistics of many resamples at once, equal to the last bit to one resample at a time.

The order of a sum decides its last bits, so each sum here adds in the order in which the
statistic itself does.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from proctor.stats import Batch

COMPENSATED = sys.version_info >= (3, 12)
"""Whether ``sum`` of floats carries a correction (https://docs.python.org/3/library/functions.html#sum)."""


def ordered_sums(values: Any, index: Any, *, compensated: bool = False) -> Any:
    """Sum of ``values`` over each row of ``index``, from left to right.

    A reduction over the slow axis adds element by element, where one over the fast axis would
    add in pairs. ``compensated``: Neumaier's sum, as ``sum`` computes it since Python 3.12.
    Source: https://en.wikipedia.org/wiki/Kahan_summation_algorithm#Further_enhancements
    """
    import numpy as np

    columns = np.asfortranarray(values[index])
    if not compensated:
        return np.add.reduce(columns, axis=1)
    total, lost = np.zeros(len(columns)), np.zeros(len(columns))
    for column in columns.T:
        grown = total + column
        part = grown - total
        lost += (total - (grown - part)) + (column - part)
        total = grown
    return np.where(np.isfinite(lost), total + lost, total)


def exp_or_inf(exponent: float) -> float:
    """``exp``, infinite where it leaves the range of a double."""
    try:
        return math.exp(exponent)
    except OverflowError:
        return math.inf


def perplexity_batch(values: Sequence[Any]) -> Batch:
    """``exp(-mean)`` of each resample."""
    import numpy as np

    table = np.array([float(value) for value in values])
    size = len(values)
    compensated = COMPENSATED and all(type(value) is float for value in values)

    def compute(index: Any) -> list[float]:
        sums = ordered_sums(table, index, compensated=compensated).tolist()
        return [exp_or_inf(-(total / size)) for total in sums]

    return compute


def median_batch(values: Sequence[Any]) -> Batch | None:
    """Element ``n // 2`` of each sorted resample; None where there is no total order."""
    import numpy as np

    if any(value != value for value in values):
        return None
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = np.empty(len(values), dtype=np.int32)
    ranks[order] = np.arange(len(values), dtype=np.int32)
    middle = len(values) // 2

    def compute(index: Any) -> list[Any]:
        found = np.partition(ranks[index], middle, axis=1)[:, middle]
        return [values[order[rank]] for rank in found.tolist()]

    return compute


def nanmean_batch(values: Sequence[Any]) -> Batch:
    """Mean of the numbers in each resample; not a number where it holds none."""
    import numpy as np

    table = np.asarray(values)

    def compute(index: Any) -> list[Any]:
        drawn = table[index]
        missing = np.isnan(drawn)
        if not missing.any():
            return list(np.mean(drawn, axis=1))
        counts = np.sum(~missing, axis=1)
        sums = np.sum(np.where(missing, 0.0, drawn), axis=1)
        return list(np.where(counts, sums / np.maximum(counts, 1), np.nan))

    return compute
