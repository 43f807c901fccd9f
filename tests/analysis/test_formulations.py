"""Formulations: normalizations as lm-eval's, mass of the options, agreement beyond chance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from proctor.analysis.formulations import (
    choice_mass,
    disagreement,
    generated_against_scored,
    kappa,
    normalized_scores,
)
from proctor.errors import AnalysisError


def test_an_empty_option_is_never_chosen():
    assert normalized_scores([-1.0, -2.0], "char", choices=["", "ab"]) == [-math.inf, -1.0]
    assert normalized_scores([-6.0], "byte", choices=["서울"]) == [-1.0]
    assert normalized_scores([-6.0], "token", tokens=[0]) == [-math.inf]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    result = kappa(a, b)
    if len(set(a) | set(b)) == 1:
        assert result.value is None
        assert "same option" in result.reason
    else:
        assert result.value == pytest.approx(float(cohen_kappa_score(a, b)))


def test_disagreement_without_choices():
    result = disagreement([1, 0, 1], [1, 1, 0])
    assert (result.same_choice, result.kappa.value) == (None, None)
    assert (result.counts.both, result.test.exact) == (1, 1)


def test_mass():
    result = choice_mass([[-1.0, math.nan], [math.log(0.3), math.log(0.1)]])
    assert result.mass.value == pytest.approx(0.4)
    assert (result.left_out, result.format_rate, result.low) == (1, None, True)
    several = choice_mass([[-1.0, -2.0]], [[True, False]], [[1, 2]])
    assert (several.mass.value, several.items, several.format_rate, several.low) == (None, (), 1.0, False)
    assert "several tokens" in several.mass.reason
    assert choice_mass([[math.nan]]).mass.reason == "every item has a NaN"


def test_no_written_answer_names_an_option():
    result = generated_against_scored([0, 1], [None, None], [[0], [0]])
    assert (result.parse_rate, result.acc_generated, result.acc_scored) == (0, 0, 0.5)
    assert (result.agreement_parsed.value, result.acc_generated_parsed.value) == (None, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normalized_scores([-1.0], "char", choices=[]), "1 and 0"),
        (lambda: normalized_scores([-1.0], "pmi"), "1 and 0"),
        (lambda: choice_mass([]), "There are no items"),
        (lambda: choice_mass([[-1.0]], []), "1 and 0"),
        (lambda: disagreement([1], [1], [0], []), "1 and 0"),
        (lambda: disagreement([1, 1], [1, 1], [0], [0]), "2 and 1"),
        (lambda: kappa([], []), "There are no choices"),
        (lambda: generated_against_scored([0], [0, 1], [[0]]), "1 and 2"),
        (lambda: generated_against_scored([], [], []), "There are no items"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
