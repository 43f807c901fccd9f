"""Baselines: guessing with different numbers of options, constant positions, lengths."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, poisson_binom

from proctor.analysis.baselines import (
    against_chance,
    all_none_accuracy,
    chance_level,
    extreme_length,
    guessing_tail,
    majority_position,
    right_without_question,
)
from proctor.errors import AnalysisError


@given(st.lists(st.sampled_from([0.2, 0.25, 1 / 3, 0.5, 1.0]), min_size=1, max_size=40), st.data())
def test_the_tail_of_guessing(chances, data):
    hits = data.draw(st.integers(0, len(chances)))
    expected = float(poisson_binom.sf(hits - 1, chances)) if hits else 1.0
    assert guessing_tail(chances, hits) == pytest.approx(expected, abs=1e-12)


def test_the_tail_of_many_documents():
    assert guessing_tail([0.25] * 14_042, 3700) == pytest.approx(float(binom.sf(3699, 14_042, 0.25)), rel=1e-9)
    assert guessing_tail([0.25] * 14_042, 9000) < 1e-300
    mixed = [0.25] * 7000 + [0.2] * 4000 + [0.5] * 3000
    assert guessing_tail(mixed, 4050) == pytest.approx(1 - float(poisson_binom.cdf(4049, mixed)), abs=1e-9)
    assert 0 < guessing_tail(mixed, 9000) < 1e-20
    assert guessing_tail([0.5, 0.25, 0.0], 3) == 0


def test_a_task_where_guessing_is_always_right():
    result = against_chance([2, 1], [2, 1], [1, 1])
    assert (result.chance, result.p_above) == (1.0, 1.0)
    assert (result.corrected.value, result.formula_score.value, result.corrected_scale) == (None, None, None)
    assert "every option" in result.corrected.reason


def test_guessing_scores_0_after_correction():
    result = against_chance([4] * 8, [1] * 8, [1, 1, 0, 0, 0, 0, 0, 0])
    assert result.corrected.value == pytest.approx(0)
    assert result.formula_score.value == pytest.approx(0)
    assert result.corrected_scale == 0.75


def test_a_skewed_exam_is_conspicuous():
    """KMMLU's computer science: the gold is hardly ever A."""
    source = random.Random(1)
    golds = [source.choice((1, 2, 3)) for _ in range(1000)]
    result = majority_position(golds, [4] * 1000)
    assert result.counts[0] == 0
    assert result.baseline.conspicuous
    assert result.baseline.acc == result.counts[result.position] / 1000
    even = majority_position([0, 1, 2, 3] * 250, [4] * 1000)
    assert (even.position, even.baseline.acc, even.baseline.conspicuous) == (0, 0.25, False)


def test_positions_of_different_numbers_of_options():
    result = majority_position([0, 1, 4], [2, 2, 5])
    assert result.counts == (1, 1, 0, 0, 1)
    assert result.baseline.chance == pytest.approx(0.4)


def test_the_longest_option():
    values, result = extreme_length([["a", "bb"]] * 50, [1] * 50, longest=True)
    assert (values[0], result.acc, result.chance, result.conspicuous) == (1.0, 1.0, 0.5, True)
    values, result = extreme_length([["서울", "ab"]], [0], longest=False)
    assert values == [0.5]


def test_right_without_the_question():
    assert right_without_question([1, 1, 0, 1], [1, 0, 1, 1]).value == pytest.approx(2 / 3)
    assert right_without_question([0], [1]).reason == "no answer is right"


def test_options_such_as_all_of_the_above():
    choices = [["a", "b", "All of the above"], ["x", "None of these", "y"], ["p", "q", "r"]]
    result = all_none_accuracy(choices, [2, 0, 1])
    assert (result.n, result.accuracy.value) == (2, 0.5)
    assert all_none_accuracy([["p", "q"]], [0]).accuracy.reason == "no document has such an option"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: chance_level([4], [0]), "0 golds among 4 options"),
        (lambda: chance_level([2], [3]), "3 golds among 2 options"),
        (lambda: chance_level([2], [1, 1]), "1 and 2"),
        (lambda: against_chance([], [], []), "There are no documents"),
        (lambda: against_chance([4], [1], [0.5]), "neither 0 nor 1"),
        (lambda: against_chance([4], [1], [1, 0]), "1 and 2"),
        (lambda: majority_position([4], [4]), "none of its 4 options"),
        (lambda: majority_position([], []), "There are no documents"),
        (lambda: majority_position([0], [4, 4]), "and 1|1 and 2|2 and 1"),
        (lambda: extreme_length([["a"]], [1], longest=True), "none of its 1 options"),
        (lambda: extreme_length([], [], longest=True), "There are no documents"),
        (lambda: right_without_question([1], []), "1 and 0"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
