"""Probabilities among options: they add up, ties go to the first, NaN is counted and never scored."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax as scipy_softmax
from scipy.stats import entropy

from proctor.analysis.probabilities import choice_probabilities, first_highest, negative_log_probability, softmax
from proctor.errors import AnalysisError

lls = st.lists(st.floats(-800, 0), min_size=1, max_size=12)


@given(lls)
def test_probabilities_are_those_of_scipy(values):
    result = softmax(values)
    assert result == pytest.approx(scipy_softmax(values).tolist(), abs=1e-12)
    assert math.fsum(result) == pytest.approx(1)


@given(lls, st.data())
def test_the_logarithm_is_exact_where_the_probability_vanishes(values, data):
    gold = data.draw(st.integers(0, len(values) - 1))
    p = softmax(values)
    expected = max(values) + math.log(sum(math.exp(v - max(values)) for v in values)) - values[gold]
    assert negative_log_probability(values, [gold], p) == pytest.approx(expected, abs=1e-9, rel=1e-9)


def test_far_below_the_likeliest_option():
    assert negative_log_probability([0.0, -5000.0], [1], softmax([0.0, -5000.0])) == 5000
    assert negative_log_probability([0.0, -732.0], [1], softmax([0.0, -732.0])) == 732
    assert negative_log_probability([0.0, -math.inf], [1], [1.0, 0.0]) == math.inf


def test_equal_options_choose_the_first():
    assert first_highest([-2.0, -1.0, -1.0]) == 1
    result = choice_probabilities([[-1.0, -1.0]], [[1]])
    assert (result.choice, result.confidence, result.correct) == ((0,), (0.5,), (0,))


def test_a_document_with_nan_is_left_out_and_counted():
    result = choice_probabilities([[-1.0, math.nan], [-1.0, -2.0], [-math.inf, -math.inf]], [[0], [0], [0]])
    assert (result.positions, result.left_out, len(result.probabilities)) == ((1,), 2, 1)
    nothing = choice_probabilities([[math.nan]], [[0]])
    assert (nothing.brier, nothing.entropy, nothing.nll.value) == (None, None, None)
    assert nothing.nll.reason == "no document has probabilities"


def test_an_impossible_gold_leaves_no_mean_logarithm():
    result = choice_probabilities([[-1.0, -math.inf], [-1.0, -2.0]], [[1], [0]])
    assert result.nll.value is None
    assert result.nll.reason == "the gold of 1 document has probability 0"
    assert result.probabilities[0] == (1.0, 0.0)


def test_several_golds():
    result = choice_probabilities([[-1.0, -1.0, -1.0, -1.0]], [[0, 2]])
    assert result.correct == (1,)
    assert result.nll.value == pytest.approx(math.log(2))
    assert result.brier == pytest.approx(4 * 0.25**2)
    assert result.entropy == pytest.approx(float(entropy([0.25] * 4)))


def test_bad_input_is_a_sentence():
    with pytest.raises(AnalysisError, match="none of its 2 options"):
        choice_probabilities([[-1.0, -2.0]], [[2]])
    with pytest.raises(AnalysisError, match="none of its 2 options"):
        choice_probabilities([[-1.0, -2.0]], [[]])
    with pytest.raises(AnalysisError, match="1 and 2 documents and golds"):
        choice_probabilities([[-1.0]], [[0], [0]])
    for values in ([], [math.nan], [math.inf, 0.0], [-math.inf]):
        with pytest.raises(AnalysisError, match="give no probabilities"):
            softmax(values)
