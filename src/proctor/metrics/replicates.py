"""Statistics of many resamples at once, equal to the last bit to one resample at a time.

The order of a sum decides its last bits, so each sum here adds in the order in which the
statistic itself does.
"""

# Equal to the last bit, and fast
# -------------------------------
# A standard error of lm-eval's bootstrap is a function of 100,000 statistics, each of one resample built as a Python
# list. Here resamples are rows of an index matrix (:mod:`proctor.stats.bootstrap`), and a statistic of all rows is a
# few calls of numpy. Floats are not associative, so "the same sum" must be the same order of additions:
#
#   sum() of Python       from left to right; since 3.12 with Neumaier's correction (floats only, not ints)
#   np.add.reduce         element by element over the slow axis; in pairs over the fast one
#   np.mean of a row      in pairs, as numpy does for one resample
#
# Hence matrices lie column by column where Python's sum is followed, and row by row where numpy's mean is.

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from proctor.stats.bootstrap import Batch, scratch

COMPENSATED = sys.version_info >= (3, 12)
"""Whether ``sum`` of floats carries a correction (https://docs.python.org/3/library/functions.html#sum)."""


def drawn(values: Any, index: Any) -> Any:
    """``values`` at the positions ``index``, one resample per column.

    The memory is that of the last call. ``clip`` (no position is out of range) writes at once.
    """
    positions = index.T
    return values.take(positions, out=scratch("drawn", positions.shape, values.dtype), mode="clip")


def _drawn_rows(values: Any, index: Any) -> Any:
    """The same with one resample per row."""
    import numpy as np

    rows = scratch("rows", index.shape, values.dtype)
    np.copyto(rows, drawn(values, index).T)
    return rows


def ordered_sums(values: Any, index: Any, *, compensated: bool = False) -> Any:
    """Sum of ``values`` over each row of ``index``, from left to right.

    ``compensated``: Neumaier's sum, as ``sum`` computes it since Python 3.12.
    Source: https://en.wikipedia.org/wiki/Kahan_summation_algorithm#Further_enhancements
    """
    import numpy as np

    columns = drawn(values, index)
    if not compensated:
        return _down(columns)
    totals = np.add.accumulate(columns, axis=0, out=scratch("totals", columns.shape, values.dtype))
    before, after = totals[:-1], totals[1:]
    part = np.subtract(after, before, out=scratch("part", before.shape, values.dtype))
    # What each addition lost: (before - (after - part)) + (x - part), exact in doubles.
    lost = np.subtract(after, part, out=scratch("lost", before.shape, values.dtype))
    np.subtract(before, lost, out=lost)
    lost += np.subtract(columns[1:], part, out=part)
    correction = _down(lost) if len(lost) else np.zeros(len(index))
    return np.where(np.isfinite(correction), totals[-1] + correction, totals[-1])


def _down(columns: Any) -> Any:
    """Sum of each column, from the top down.

    A reduction over the slow axis adds element by element; one over the fast axis, which the
    only column there is would be, adds in pairs.
    """
    import numpy as np

    if columns.shape[1] == 1:
        return np.add.accumulate(columns[:, 0])[-1:]
    return np.add.reduce(columns, axis=0)


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
    # sum() corrects only while it adds floats: one int among them, and it goes on without.
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
    # Ranks instead of values: a partition of small integers finds the middle for values of any type.
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = np.empty(len(values), dtype=np.int32)
    ranks[order] = np.arange(len(values), dtype=np.int32)
    middle = len(values) // 2

    def compute(index: Any) -> list[Any]:
        rows = _drawn_rows(ranks, index)
        rows.partition(middle, axis=1)
        return [values[order[rank]] for rank in rows[:, middle].tolist()]

    return compute


def nanmean_batch(values: Sequence[Any]) -> Batch:
    """Mean of the numbers in each resample; not a number where it holds none."""
    import numpy as np

    table = np.asarray(values)
    missing = np.isnan(table)
    if not missing.any():
        return lambda index: list(np.mean(_drawn_rows(table, index), axis=1))
    present, known = np.where(missing, 0.0, table), (~missing).astype(np.intp)

    def compute(index: Any) -> list[Any]:
        counts = drawn(known, index).sum(axis=0)
        sums = np.sum(_drawn_rows(present, index), axis=1)
        return list(np.where(counts, sums / np.maximum(counts, 1), np.nan))

    return compute
