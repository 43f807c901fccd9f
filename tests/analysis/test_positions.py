"""Position bias of one order: the test of statsmodels, positions that never occur, what is infinite."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import rel_entr
from statsmodels.stats.contingency_tables import SquareTable

from proctor.analysis.positions import (
    choice_divergence,
    commonest_number,
    position_bias,
    position_table,
    recall_by_position,
    spread_of_recalls,
    stuart_maxwell,
)
from proctor.errors import AnalysisError

tables = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.lists(st.integers(1, 40), min_size=k, max_size=k), min_size=k, max_size=k)
)


@given(tables)
def test_stuart_maxwell_is_that_of_statsmodels(table):
    theirs = SquareTable(np.array(table, dtype=float), shift_zeros=False).homogeneity(method="stuart_maxwell")
    ours = stuart_maxwell(table)
    assert ours.statistic == pytest.approx(float(theirs.statistic), rel=1e-6, abs=1e-8)
    assert ours.p == pytest.approx(float(theirs.pvalue), rel=1e-6, abs=1e-9)
    assert ours.freedom == len(table) - 1


def test_positions_that_never_occur_have_no_degree_of_freedom():
    small = stuart_maxwell([[20, 8], [3, 30]])
    larger = stuart_maxwell([[20, 8, 0], [3, 30, 0], [0, 0, 0]])
    assert (larger.statistic, larger.freedom, larger.p) == (pytest.approx(small.statistic), 1, pytest.approx(small.p))


def test_a_model_that_is_always_right_shows_no_bias():
    result = stuart_maxwell([[5, 0], [0, 9]])
    assert (result.statistic, result.freedom, result.p) == (0.0, 0, 1.0)
    assert result.reason


@given(st.lists(st.integers(1, 50), min_size=2, max_size=6), st.data())
def test_divergence_is_that_of_scipy(golds, data):
    chosen = data.draw(st.lists(st.integers(1, 50), min_size=len(golds), max_size=len(golds)))
    p, q = np.array(golds) / sum(golds), np.array(chosen) / sum(chosen)
    assert choice_divergence(golds, chosen).value == pytest.approx(float(rel_entr(p, q).sum()), abs=1e-12)


def test_a_position_that_is_never_chosen():
    result = choice_divergence([5, 5], [10, 0])
    assert result.value is None
    assert "position 1 is never chosen" in result.reason
    assert choice_divergence([10, 0], [5, 5]).value == pytest.approx(0.6931471805599453)


def test_recalls_where_no_gold_stands():
    recall = recall_by_position([[3, 1], [0, 0]])
    assert recall == [0.75, None]
    assert spread_of_recalls(recall).value is None
    assert spread_of_recalls([0.5, None, 0.7]).value == pytest.approx(0.1)


def test_one_run():
    golds, chosen, options = [0, 1, 2, 3, 1, 0], [0, 0, 2, 3, 1, 1], [4, 4, 4, 4, 2, 2]
    result = position_bias(golds, chosen, options)
    assert (result.options, result.n, result.left_out) == (4, 4, 2)
    assert result.table == position_table(golds[:4], chosen[:4], 4)
    assert result.gold_share == (0.25, 0.25, 0.25, 0.25)
    assert result.chosen_share == (0.5, 0.0, 0.25, 0.25)
    assert result.recall == (1.0, 0.0, 1.0, 1.0)
    assert result.ckld.value is None


def test_the_commonest_number_of_options():
    assert commonest_number([4, 5, 5, 4, 3]) == 4


def test_an_unbiased_model_is_left_alone_and_a_biased_one_found():
    source, small = random.Random(2), 0
    for _ in range(300):
        golds = [source.choice((0, 1, 1, 2, 3)) for _ in range(150)]
        wrong = [source.choice((0, 1, 1, 2, 3)) for _ in range(150)]
        chosen = [g if source.random() < 0.6 else w for g, w in zip(golds, wrong, strict=True)]
        small += stuart_maxwell(position_table(golds, chosen, 4)).p < 0.05
    assert small / 300 < 0.09
    biased = [0 if source.random() < 0.3 else c for c in chosen]
    assert stuart_maxwell(position_table(golds, biased, 4)).p < 1e-4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stuart_maxwell([[1, 2], [3]]), "is square"),
        (lambda: stuart_maxwell([[1, -2], [3, 1]]), "no count is below 0"),
        (lambda: position_table([0, 4], [0, 1], 4), "Position 4 is none of 4 options"),
        (lambda: position_table([0], [0, 1], 4), "1 and 2 golds and choices"),
        (lambda: position_bias([], [], []), "There are no documents"),
        (lambda: position_bias([0], [0], [2, 2]), "1 and 2"),
        (lambda: choice_divergence([0, 0], [1, 1]), "no shares"),
        (lambda: choice_divergence([1], [1, 1]), "1 and 2"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
