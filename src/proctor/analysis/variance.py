"""Where a score's variation comes from: the documents, the draw of the examples (prompts, seeds), or neither."""

# A published one-seed figure has the error of its documents *and* of its draw; ``s/sqrt(n)`` shows the first only.
# With scores of n documents under m draws, a two-way model with random effects splits the variance: mean squares of
# documents, draws, residual; then
#
#   of the mean over m draws    ``sqrt(var_items/n + var_draws/m + MS_res/(n m))``
#   of one draw                 ``sqrt(var_items/n + var_draws + MS_res/n)``
#
# A component below 0 is an estimate of 0 with noise: it is clipped, and the raw value kept. Prompts as a third factor
# are cells prompt × seed as draws.
#
# Sources: S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components", 1992, chapter 4; F. M. Polo et al.,
# 2405.17202 (quantiles over prompts).

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.draws import quantile
from proctor.analysis.statistic import check_finite, check_some
from proctor.errors import AnalysisError

LEAST_FOR_QUANTILES = 10


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """The variation of scores of n documents under m draws."""

    mean: float
    by_draw: tuple[float, ...]
    """The score of each draw."""
    ms_items: float
    ms_draws: float
    ms_residual: float
    var_items: float
    """Of documents, 0 at least."""
    var_draws: float
    """Of draws, 0 at least."""
    var_items_raw: float
    """Before it was clipped."""
    var_draws_raw: float
    stderr_mean: float
    """Of the mean over all draws."""
    stderr_one_draw: float
    """Of the score of one draw: what a figure from one seed has."""
    draw_share: float | None
    """Of the variance of a one-draw score, the share that is the draw; None where nothing varies."""
    quantiles: tuple[float, float, float] | None
    """The 5, 50 and 95 % quantiles of scores over draws; None for fewer than 10 draws."""


def variance_components(scores: Sequence[Sequence[float]]) -> VarianceComponents:
    """Split the variation of scores into documents, draws and the rest.

    Args:
        scores: Of n documents, at least two, the score under each of m draws, at least two: one value a cell.

    Raises:
        AnalysisError: There are fewer than two of either, a document has another number of draws, a score is not
        finite.
    """
    check_some(scores, "documents")
    n, m = len(scores), len(scores[0])
    if n < 2 or m < 2 or any(len(row) != m for row in scores):
        raise AnalysisError(
            f"{n} documents under {m} draws: variance components need at least two of each, and every document under "
            "every draw."
        )
    for row in scores:
        check_finite(row, "score")
    rows = [math.fsum(row) / m for row in scores]
    columns = [math.fsum(column) / n for column in zip(*scores, strict=True)]
    mean = math.fsum(rows) / n
    ms_items = m * math.fsum((row - mean) ** 2 for row in rows) / (n - 1)
    ms_draws = n * math.fsum((column - mean) ** 2 for column in columns) / (m - 1)
    residuals = math.fsum(
        (value - row - column + mean) ** 2
        for values, row in zip(scores, rows, strict=True)
        for value, column in zip(values, columns, strict=True)
    )
    ms_residual = residuals / ((n - 1) * (m - 1))
    items, draws = (ms_items - ms_residual) / m, (ms_draws - ms_residual) / n
    var_items, var_draws = max(0.0, items), max(0.0, draws)
    one = var_items / n + var_draws + ms_residual / n
    ordered = sorted(columns)
    return VarianceComponents(
        mean,
        tuple(columns),
        ms_items,
        ms_draws,
        ms_residual,
        var_items,
        var_draws,
        items,
        draws,
        math.sqrt(var_items / n + var_draws / m + ms_residual / (n * m)),
        math.sqrt(one),
        var_draws / one if one > 0 else None,
        (quantile(ordered, 0.05), quantile(ordered, 0.5), quantile(ordered, 0.95))
        if m >= LEAST_FOR_QUANTILES
        else None,
    )
