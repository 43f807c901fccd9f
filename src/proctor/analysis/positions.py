"""Position bias: does the model choose A because it is A?"""

# With one order (any stored run) chosen and gold positions are observed on the same documents. Whether they have the
# same distribution is the Stuart-Maxwell test of marginal homogeneity; a chi-square of the choices against the golds
# would take paired counts for independent ones. With several orders of each document there is a sharper test, see
# ``order_positions``.
#
# Beside it stand measures without a test: recall by position and its standard deviation (rstd), and the divergence of
# the chosen from the gold positions (ckld). What the model *should* choose is where the golds are: choosing never A is
# right where A never is gold.
#
# Sources: A. Stuart 1955, A. E. Maxwell 1970; C. Zheng et al., 2309.03882 (rstd); H. J. Choi et al., 2409.18857
# (ckld).

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.distributions import chi_square_tail
from proctor.analysis.statistic import Statistic, check_same_length, check_some
from proctor.analysis.symmetric import quadratic_form
from proctor.errors import AnalysisError

Table = Sequence[Sequence[int]]
"""Documents by gold position (row) and chosen position (column)."""


@dataclass(frozen=True, slots=True)
class ChiSquareTest:
    """A chi-square test; statistic and p are None where it does not exist."""

    statistic: float | None
    freedom: int
    p: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PositionBias:
    """Chosen against gold positions of one order."""

    options: int
    """The commonest number of options: only these documents are compared."""
    n: int
    left_out: int
    """Documents with another number of options."""
    table: tuple[tuple[int, ...], ...]
    """Documents by gold position (row) and chosen position (column)."""
    gold_share: tuple[float, ...]
    chosen_share: tuple[float, ...]
    test: ChiSquareTest
    """Stuart and Maxwell's."""
    recall: tuple[float | None, ...]
    """Of the documents whose gold is at a position, the share that is right; None where no gold is."""
    rstd: Statistic
    ckld: Statistic


def position_table(golds: Sequence[int], chosen: Sequence[int], options: int) -> tuple[tuple[int, ...], ...]:
    """Count documents by gold and chosen position.

    Args:
        golds: The position of the gold of n documents.
        chosen: The position of the choice of each.
        options: K, the number of options of every document.

    Returns:
        K rows (gold) of K counts (chosen).

    Raises:
        AnalysisError: Lengths differ, or a position is not below K.
    """
    check_same_length(golds, chosen, "golds and choices")
    for position in (*golds, *chosen):
        if not 0 <= position < options:
            raise AnalysisError(f"Position {position} is none of {options} options.")
    counts = Counter(zip(golds, chosen, strict=True))
    return tuple(tuple(counts[gold, choice] for choice in range(options)) for gold in range(options))


def stuart_maxwell(table: Table) -> ChiSquareTest:
    """Test whether chosen positions are distributed as gold positions, on the same documents.

    ``d' S⁻¹ d`` with d the differences of row and column sums, ``S_ii = row_i + column_i - 2 n_ii`` and
    ``S_ij = -(n_ij + n_ji)``; chi-square with as many degrees of freedom as S has rank (K - 1, less where positions
    do not occur).

    Args:
        table: K rows (gold) of K counts (chosen).

    Returns:
        A statistic of 0 with p = 1 where every choice is the gold.

    Raises:
        AnalysisError: The table is not square or has a count below 0.
    """
    size = _checked(table)
    rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    differences = [float(row - column) for row, column in zip(rows, columns, strict=True)]
    spread = [
        [float(rows[i] + columns[i] - 2 * table[i][i] if i == j else -(table[i][j] + table[j][i])) for j in range(size)]
        for i in range(size)
    ]
    form = quadratic_form(spread, differences)
    if not form.rank:
        return ChiSquareTest(0.0, 0, 1.0, "every choice is at the position of the gold")
    return ChiSquareTest(form.value, form.rank, chi_square_tail(form.value, form.rank))


def _checked(table: Table) -> int:
    size = len(table)
    if any(len(row) != size or min(row) < 0 for row in table):
        raise AnalysisError("A table of gold and chosen positions is square, and no count is below 0.")
    return size


def recall_by_position(table: Table) -> list[float | None]:
    """For each position, the share of documents with the gold there that are right; None where there are none.

    Args:
        table: K rows (gold) of K counts (chosen).

    Raises:
        AnalysisError: The table is not square or has a count below 0.
    """
    _checked(table)
    return [row[position] / sum(row) if sum(row) else None for position, row in enumerate(table)]


def spread_of_recalls(recalls: Sequence[float | None]) -> Statistic:
    """rstd: the population standard deviation of recalls over positions.

    Args:
        recalls: Of each position; None where no gold is there: such positions are left out.

    Returns:
        None where fewer than two positions have a recall.
    """
    known = [recall for recall in recalls if recall is not None]
    if len(known) < 2:
        return Statistic(None, "golds stand at fewer than two positions")
    middle = math.fsum(known) / len(known)
    return Statistic(math.sqrt(math.fsum((recall - middle) ** 2 for recall in known) / len(known)))


def choice_divergence(gold_counts: Sequence[int], chosen_counts: Sequence[int]) -> Statistic:
    """ckld: the Kullback-Leibler divergence of the chosen positions from the gold positions, in nats.

    Args:
        gold_counts: Golds at each of K positions.
        chosen_counts: Choices of each.

    Returns:
        None where a position of golds is never chosen: the divergence is infinite.

    Raises:
        AnalysisError: The two differ in length, or one of them has no counts above 0.
    """
    check_same_length(gold_counts, chosen_counts, "gold and chosen counts")
    golds, choices = sum(gold_counts), sum(chosen_counts)
    if golds < 1 or choices < 1:
        raise AnalysisError("There are no documents: positions have no shares.")
    total = []
    for position, (gold, chosen) in enumerate(zip(gold_counts, chosen_counts, strict=True)):
        if gold and not chosen:
            return Statistic(None, f"position {position} is never chosen, though golds stand there")
        if gold:
            total.append(gold / golds * math.log(gold / golds / (chosen / choices)))
    return Statistic(math.fsum(total))


def position_bias(golds: Sequence[int], chosen: Sequence[int], options: Sequence[int]) -> PositionBias:
    """All of this module for one run, on the documents with the commonest number of options.

    Args:
        golds: The position of the gold of n documents, at least one; documents with several golds are left out before.
        chosen: The position of the choice of each.
        options: How many options each has.

    Raises:
        AnalysisError: Lengths differ, there is no document, or a position is none of the options.
    """
    check_some(golds, "documents")
    check_same_length(golds, chosen, "golds and choices")
    check_same_length(golds, options, "golds and numbers of options")
    commonest = commonest_number(options)
    rows = [(g, c) for g, c, k in zip(golds, chosen, options, strict=True) if k == commonest]
    table = position_table([g for g, _ in rows], [c for _, c in rows], commonest)
    n = len(rows)
    gold_counts, chosen_counts = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    recall = recall_by_position(table)
    return PositionBias(
        commonest,
        n,
        len(golds) - n,
        table,
        tuple(count / n for count in gold_counts),
        tuple(count / n for count in chosen_counts),
        stuart_maxwell(table),
        tuple(recall),
        spread_of_recalls(recall),
        choice_divergence(gold_counts, chosen_counts),
    )


def commonest_number(options: Sequence[int]) -> int:
    """The number of options that most documents have; of equally common ones the smallest.

    Args:
        options: How many options each document has, of at least one document.
    """
    counts = Counter(options)
    return min(counts, key=lambda number: (-counts[number], number))
