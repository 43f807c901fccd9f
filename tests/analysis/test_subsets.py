"""Subsets: errors that hold for the model at hand, whatever the predictions are."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from proctor.analysis.subsets import (
    information_2pl,
    leave_family_out,
    prediction_powered,
    probability_2pl,
    random_subset,
)
from proctor.errors import AnalysisError


def test_all_documents_leave_no_error_of_sampling():
    result = random_subset([1, 0, 1], 3)
    assert result.stderr == 0
    assert result.stderr_plain > 0
    assert random_subset([1], 10).stderr is None


@given(st.lists(st.integers(0, 1), min_size=2, max_size=40), st.floats(0, 1))
def test_constant_predictions_change_nothing(right, constant):
    plain = random_subset(right, 50)
    powered = prediction_powered(right, [constant] * len(right), constant, 50)
    assert powered.estimate == pytest.approx(plain.estimate)
    assert powered.stderr == pytest.approx(plain.stderr, abs=1e-12)
    assert powered.stderr_random == plain.stderr


@given(st.floats(-40, 40), st.floats(0.1, 5), st.floats(-5, 5))
def test_2pl(ability, discrimination, difficulty):
    p = probability_2pl(ability, discrimination, difficulty)
    assert p == pytest.approx(float(expit(discrimination * (ability - difficulty))), abs=1e-12)
    assert 0 <= information_2pl(ability, discrimination, difficulty) <= discrimination**2 / 4 + 1e-12


def test_families_are_left_out_whole():
    seen = []

    def estimate(learned, model):
        seen.append((tuple(learned), model))
        return 0.5

    result = leave_family_out(["llama", "llama", "qwen"], [0.6, 0.4, 0.8], estimate)
    assert seen == [((2,), 0), ((2,), 1), ((0, 1), 2)]
    assert result.rmse == pytest.approx(math.sqrt((0.01 + 0.01 + 0.09) / 3))
    assert (result.worst, result.families) == (pytest.approx(0.3), 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_subset([], 3), "There are no documents"),
        (lambda: random_subset([1, 0], 1), "no subset of 1"),
        (lambda: random_subset([math.nan], 3), "nan"),
        (lambda: prediction_powered([1], [0.5, 0.5], 0.5, 3), "1 and 2"),
        (lambda: prediction_powered([1], [0.5], math.inf, 3), "inf"),
        (lambda: leave_family_out(["a", "a"], [1, 1], lambda learned, model: 1.0), "Models of 1 families"),
        (lambda: leave_family_out(["a"], [1, 1], lambda learned, model: 1.0), "1 and 2"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()


@pytest.mark.slow
@pytest.mark.parametrize("useful", [True, False])
def test_the_error_covers_the_score_of_all_documents(useful):
    source, covered, runs = random.Random(4), 0, 1500
    difficulty = [source.random() for _ in range(800)]
    right = [float(source.random() < d) for d in difficulty]
    predicted = difficulty if useful else [source.random() for _ in difficulty]
    truth, mean = sum(right) / 800, sum(predicted) / 800
    for _ in range(runs):
        sample = source.sample(range(800), 100)
        result = prediction_powered([right[i] for i in sample], [predicted[i] for i in sample], mean, 800)
        covered += abs(result.estimate - truth) <= 1.984 * result.stderr
    assert 0.93 < covered / runs < 0.97
    assert (result.stderr < result.stderr_random) == useful
