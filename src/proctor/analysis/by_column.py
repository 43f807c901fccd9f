"""Scores and differences by the values of a column: by subject, by level, by source."""

# Cells are looked at because somebody wonders where a model is weak, so they are many and small. Hence:
#   - every cell has its own interval, and says so where it has few documents
#   - whether cells differ at all is one test of all of them (chi-square of the squared deviations by their variance,
#     with the design effect of clusters), on cells that are large enough for it
#   - of a run that stopped early no cell had its size fixed before: intervals are those of confidence sequences, which
#     hold of all documents of the exam with that value; there is no test
#   - differences of two models by cell are corrected for the number of cells (Holm)
#
# A column that is another for each document (an id) is no way to divide an exam, and is refused with a sentence.

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from proctor.analysis.distributions import chi_square_tail
from proctor.analysis.early_stop import share_set
from proctor.analysis.intervals import ShareMethod, clustered_mean, mean_interval, share_interval
from proctor.analysis.multiplicity import Correction, adjusted
from proctor.analysis.paired import PairedDifference
from proctor.analysis.statistic import is_binary
from proctor.analysis.verdicts import Judgement, judge
from proctor.stats.intervals import Interval

FEW = 30
"""Documents below which a cell says that it is small, and is left out of the test of all."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Cell:
    """The documents with one value of a column.

    Attributes:
        value: The value; None: documents without the column.
        n: How many documents it has.
        score: Their mean score.
        interval: At 95 %; None where it has none.
    """

    value: str | None
    n: int
    score: float
    interval: Interval | None

    @property
    def few(self) -> bool:
        """Whether it has few documents."""
        return self.n < FEW


@dataclass(frozen=True, slots=True)
class Cells:
    """The scores of one task or group by a column.

    Attributes:
        column: The column.
        cells: By value; numbers in their order.
        statistic: Of the test whether they differ; None where fewer than two are large enough.
        freedom: Its degrees of freedom.
        p: Its p.
        reason: Why a run that stopped early has no test.
    """

    column: str
    cells: tuple[Cell, ...]
    statistic: float | None
    freedom: int
    p: float | None
    reason: str | None = None

    @property
    def one_each(self) -> bool:
        """Whether every document has a value of its own, so that cells say nothing."""
        return len(self.cells) > 1 and all(cell.n == 1 for cell in self.cells)


def divided(values: Sequence[_T], by: Sequence[str | None]) -> dict[str | None, list[_T]]:
    """Values by the value of a column, in the order of the latter: numbers by size, texts by letter, none last.

    Args:
        values: One for each document.
        by: What each document has in the column.
    """
    parts: dict[str | None, list[_T]] = {}
    for value, name in zip(values, by, strict=True):
        parts.setdefault(name, []).append(value)
    return dict(sorted(parts.items(), key=lambda part: _place(part[0])))


def _place(value: str | None) -> tuple[int, float, str]:
    if value is None:
        return 2, 0.0, ""
    try:
        number = float(value)
    except ValueError:
        return 1, 0.0, value
    return (0, number, value) if math.isfinite(number) else (1, 0.0, value)


def scores_by(
    column: str,
    values: Sequence[float],
    by: Sequence[str | None],
    method: ShareMethod = "wilson",
    clusters: Sequence[Hashable] | None = None,
) -> Cells:
    """The mean score for each value of a column.

    Args:
        column: Its name.
        values: The score of each document, at least one.
        by: What each has in the column.
        method: The interval of shares.
        clusters: What each document belongs to; None: they are independent.
    """
    rows = list(zip(values, clusters or (), strict=True)) if clusters else [(value, None) for value in values]
    parts = divided(rows, by)
    binary = is_binary(values)
    cells, weights = list[Cell](), dict[int, float]()
    for place, (name, part) in enumerate(parts.items()):
        scores = [score for score, _ in part]
        interval, effect = _share_or_mean(scores, method, binary=binary), 1.0
        if clusters:
            found = clustered_mean(scores, [cluster for _, cluster in part])
            interval, effect = found.interval, max(1.0, found.design_effect or 1.0)
        cells.append(Cell(name, len(part), math.fsum(scores) / len(part), interval))
        if len(part) >= FEW:
            weights[place] = len(part) / effect
    statistic, freedom = _heterogeneity(values, [(cells[place].score, weight) for place, weight in weights.items()])
    p = None if statistic is None else chi_square_tail(statistic, freedom)
    return Cells(column, tuple(cells), statistic, freedom, p)


def _share_or_mean(values: Sequence[float], method: ShareMethod, *, binary: bool) -> Interval | None:
    # Of scores that are shares elsewhere, a cell of equal ones is a share as well.
    return share_interval(int(sum(values)), len(values), method=method) if binary else mean_interval(values)


def _heterogeneity(values: Sequence[float], cells: Sequence[tuple[float, float]]) -> tuple[float | None, int]:
    """``sum w_c (mean_c - mean)² / s²``, s² the variance of all: chi-square, a degree less than there are cells.

    Args:
        values: All scores.
        cells: The mean and the weight of each cell: its documents, divided by the design effect of its clusters.
    """
    if len(cells) < 2:
        return None, 0
    middle = math.fsum(values) / len(values)
    variance = math.fsum([(value - middle) ** 2 for value in values]) / (len(values) - 1)
    if not variance:
        return None, 0
    total = math.fsum([weight for _, weight in cells])
    mean = math.fsum([weight * score for score, weight in cells]) / total
    return math.fsum([weight * (score - mean) ** 2 for score, weight in cells]) / variance, len(cells) - 1


def stopped_scores_by(column: str, values: Sequence[float], by: Sequence[str | None]) -> Cells:
    """The same of a run that stopped early: intervals that hold whenever it stops, of scores that are 0 or 1; no test.

    Args:
        column: Its name.
        values: The score of each document that was asked.
        by: What each has in the column.
    """
    binary = is_binary(values)
    cells = [
        Cell(name, len(part), math.fsum(part) / len(part), share_set(int(sum(part)), len(part)) if binary else None)
        for name, part in divided(values, by).items()
    ]
    return Cells(
        column, tuple(cells), None, 0, None, "the run stopped early, so that their sizes were not fixed before"
    )


@dataclass(frozen=True, slots=True)
class CellComparison:
    """Two runs on the documents with one value of a column.

    Attributes:
        value: The value; None: documents without the column.
        result: B - A (its "a" is B).
        p_adjusted: ``result.p``, corrected for the number of cells.
        judgement: The verdict on B.
    """

    value: str | None
    result: PairedDifference
    p_adjusted: float | None = None
    judgement: Judgement | None = None

    @property
    def few(self) -> bool:
        """Whether it has few documents."""
        return self.result.n < FEW


def differences_by(
    parts: Mapping[str | None, Sequence[tuple[float, float, Hashable]]],
    compare: Callable[[Sequence[float], Sequence[float], Sequence[Hashable]], PairedDifference],
    correction: Correction,
    margin: float | None,
) -> tuple[CellComparison, ...]:
    """The paired difference for each value of a column, corrected for their number.

    Args:
        parts: By value, of each document the scores of A and B and its cluster.
        compare: The paired difference B - A of two columns of scores.
        correction: For the number of cells.
        margin: A difference that does not matter.
    """
    found = []
    for value, rows in parts.items():
        a, b, clusters = (list(column) for column in zip(*rows, strict=True))
        found.append(CellComparison(value, compare(a, b, clusters)))
    corrected = adjusted([cell.result.p for cell in found], correction)
    return tuple(
        replace(cell, p_adjusted=p, judgement=judge(cell.result.interval, margin, p))
        for cell, p in zip(found, corrected, strict=True)
    )


@dataclass(frozen=True, slots=True)
class DividedComparison:
    """Two runs on one task or group, by the values of a column.

    Attributes:
        name: The task or group.
        alias: What the table calls it.
        metric: Metric and filter.
        column: The column.
        cells: One for each value.
        left_out: Its tasks of which a run stopped early.
    """

    name: str
    alias: str
    metric: tuple[str, str]
    column: str
    cells: tuple[CellComparison, ...]
    left_out: tuple[str, ...] = ()

    @property
    def one_each(self) -> bool:
        """Whether every document has a value of its own, so that cells say nothing."""
        return len(self.cells) > 1 and all(cell.result.n == 1 for cell in self.cells)
