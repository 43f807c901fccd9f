"""E-values: wealth that is 1 on average under fairness, whenever one stops."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.e_values import anytime_p, log_sign_e_value, sign_e_value
from proctor.errors import AnalysisError


@given(st.integers(0, 60))
def test_the_mean_under_fairness_is_1(n):
    assert sum(math.comb(n, w) / 2**n * sign_e_value(w, n - w) for w in range(n + 1)) == pytest.approx(1)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_win_of_either_is_the_same_evidence(wins, losses):
    assert log_sign_e_value(wins, losses) == log_sign_e_value(losses, wins)


def test_large_values_are_infinite_and_their_logarithm_is_not():
    assert sign_e_value(3000, 0) == math.inf
    assert log_sign_e_value(3000, 0) == pytest.approx(3000 * math.log(2) - math.log(3001))


def test_p_at_any_time():
    assert anytime_p([]) == 1
    assert anytime_p([-3.0, -1.0]) == 1
    assert anytime_p([0.0, math.log(20), math.log(5)]) == pytest.approx(0.05)


def test_counts_below_0():
    with pytest.raises(AnalysisError, match="below 0"):
        sign_e_value(-1, 0)


@pytest.mark.slow
def test_equal_models_differ_in_5_percent_of_runs_at_most():
    """Looked at after every discordant document of 400; an exact test at every look is wrong several times as often."""
    source, runs, wrong = random.Random(4), 2000, 0
    for _ in range(runs):
        wins = 0
        for n in range(1, 401):
            wins += source.random() < 0.5
            if log_sign_e_value(wins, n - wins) >= math.log(20):
                wrong += 1
                break
    assert wrong / runs <= 0.05
