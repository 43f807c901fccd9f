"""E-values: wealth that is 1 on average under fairness, whenever one stops."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.e_values import anytime_p, guessing_anytime_p, log_sign_e_value, sign_e_value
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


def e_value(chances, hits):
    """1 / p where p is below 1; no more than the e-value."""
    return 1 / guessing_anytime_p(chances, hits)


@pytest.mark.parametrize("chance", [0.25, 0.5, 0.1])
def test_guessing_is_rarely_called_more_at_any_look(chance):
    missed, source = 0, random.Random(0)
    for _ in range(300):
        hits, found = 0, False
        for n in range(1, 400):
            hits += source.random() < chance
            found = found or (n % 20 == 0 and guessing_anytime_p([chance] * n, hits) <= 0.05)
        missed += found
    assert missed <= 15


@given(st.lists(st.sampled_from([0.2, 0.25, 0.5, 1.0]), max_size=7))
def test_the_mean_e_value_of_guessing_is_at_most_1(chances):
    distribution = {0: 1.0}
    for chance in chances:
        after = {}
        for hits, share in distribution.items():
            after[hits + 1] = after.get(hits + 1, 0) + share * chance
            after[hits] = after.get(hits, 0) + share * (1 - chance)
        distribution = after
    # p is cut at 1, so that an e-value below 1 counts as 1 here: leave these out.
    assert sum(share * e for hits, share in distribution.items() if (e := e_value(chances, hits)) > 1) <= 1 + 1e-9


def test_a_score_far_above_chance_has_a_small_p_and_one_at_chance_has_none():
    assert guessing_anytime_p([0.25] * 200, 140) < 1e-20
    assert guessing_anytime_p([0.25] * 200, 52) == 1
    assert guessing_anytime_p([0.25] * 200, 10) == 1
    assert guessing_anytime_p([], 0) == 1
    assert guessing_anytime_p([1.0] * 5, 5) == pytest.approx(1)


@pytest.mark.parametrize(("chances", "hits"), [([0.25], 2), ([0.25], -1), ([0.0], 0), ([math.nan], 0)])
def test_impossible_guessing_is_refused(chances, hits):
    with pytest.raises(AnalysisError, match="that cannot be"):
        guessing_anytime_p(chances, hits)
