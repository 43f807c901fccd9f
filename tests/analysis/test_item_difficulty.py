"""Items under several models: item-rest correlations as numpy's, golds that strong models do not choose."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.item_difficulty import check_golds, item_statistics, strong_models
from proctor.errors import AnalysisError

matrices = st.integers(2, 9).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 1), min_size=m, max_size=m), min_size=1, max_size=10)
)


@given(matrices)
def test_discrimination_is_the_correlation_with_the_rest(rows):
    matrix = np.array(rows, dtype=float)
    for position, one in enumerate(item_statistics(rows)):
        item, rest = matrix[position], matrix.sum(axis=0) - matrix[position]
        if item.std() == 0 or rest.std() == 0:
            assert one.discrimination.value is None
            assert "same for all models" in one.discrimination.reason
        else:
            assert one.discrimination.value == pytest.approx(np.corrcoef(item, rest)[0, 1], abs=1e-9)
        assert one.difficulty == pytest.approx(item.mean())


def test_the_best_half_above_chance():
    accuracies = [0.3, 0.9, 0.5, 0.7, 0.6, 0.8, 0.26, 0.25, 0.24, 0.4]
    p = [0.01, 0, 0, 0, 0, 0, 0.4, 0.5, 0.6, 0.001]
    assert strong_models(accuracies, p) == [1, 5, 3, 4, 2]
    assert strong_models([0.5, 0.25, 0.24], [0, 0.5, 0.6]) == [0]


def test_agreement_that_is_needed():
    five = [[1, 1, 1, 1, 0]]
    assert not check_golds(five, [[0]])[0].flagged  # fewer than six models must all agree
    assert check_golds([[1] * 5], [[0]])[0].flagged
    assert check_golds([[1, 1, 1, 1, 1, 0]], [[0]])[0].flagged
    assert not check_golds([[1, 1, 1]], [[0]])[0].flagged
    assert check_golds([[1, 1, 1, 1]], [[0]], min_agreement=0.75)[0].against_gold


def test_a_tie_with_the_gold_is_not_against_it():
    assert check_golds([[2, 2, 1, 1]], [[2]])[0].plurality == 2
    assert check_golds([[2, 2, 1, 1]], [[0]])[0].plurality == 1
    assert not check_golds([[2, 2, 2, 2]], [[0, 2]])[0].against_gold


def test_flags_are_ranked_by_the_odds():
    one, two = check_golds([[1] * 4, [1] * 4], [[0], [0]], probabilities=[[0.1, 0.9], [0.4, 0.6]])
    assert one.log_odds == pytest.approx(math.log(9))
    assert one.log_odds > two.log_odds
    assert check_golds([[0] * 4], [[0]], probabilities=[[0.9, 0.1]])[0].log_odds is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: item_statistics([]), "There are no items"),
        (lambda: item_statistics([[]]), "at least one"),
        (lambda: item_statistics([[1, 0], [1]]), "every model"),
        (lambda: check_golds([[1]], []), "1 and 0"),
        (lambda: check_golds([[]], [[0]]), "choices of item 0"),
        (lambda: check_golds([[1]], [[0]], probabilities=[]), "1 and 0"),
        (lambda: strong_models([0.5], []), "1 and 0"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
