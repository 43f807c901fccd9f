"""The sets of a run that may stop: of its score, and of its difference to another run."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from proctor.analysis.betting import betting_set, difference_set, macro_weights
from proctor.analysis.e_values import sign_e_value
from proctor.analysis.early_stop import count_set, looks
from proctor.analysis.stopping import RunningComparison, RunningMean, Weights
from proctor.errors import AnalysisError


def looked(values, documents, steps, alpha=0.05):
    mean = RunningMean(alpha)
    return [mean.look(values[:step], documents) for step in steps]


def test_of_right_and_wrong_it_is_the_set_of_counts():
    values = [1, 0, 1, 1] * 50
    assert looked(values, 1000, [200]) == [count_set(150, 200, 1000).interval]


def test_it_shrinks_and_ends_at_the_score():
    source = random.Random(3)
    values = [float(source.random() < 0.7) for _ in range(600)]
    found = looked(values, 600, looks(600))
    assert all(low <= other and high >= more for (low, high), (other, more) in itertools.pairwise(found))
    assert found[-1] == (sum(values) / 600,) * 2


def test_of_fractions_it_is_bets_from_the_first_look_on():
    values = [1.0, 0.0] * 60 + [0.5] * 80
    first, second = looked(values, 400, [100, 200])
    assert first == count_set(50, 100, 400).interval
    # What was known at the first look, by bets, and then the second.
    early, late = betting_set(values[:100], 400), betting_set(values, 400)
    assert second == (max(early[0], late[0]), min(early[1], late[1]))


def test_a_mean_over_tasks_weighs_documents():
    weights, scale = macro_weights([300, 100])
    values = [1.0] * 300 + [0.0] * 100
    order = list(range(400))
    random.Random(1).shuffle(order)
    mean = RunningMean(0.05)
    for end in (100, 200, 400):
        part = order[:end]
        of_documents = Weights([weights[0] if place < 300 else weights[1] for place in part], scale)
        low, high = mean.look([values[place] for place in part], 400, of_documents)
        assert low - 1e-3 <= 0.5 <= high + 1e-3
    assert (low, high) == pytest.approx((0.5, 0.5))


def test_a_comparison_is_decided_by_the_e_value():
    own, other = [1.0] * 12 + [0.0] * 8, [0.0] * 12 + [0.0] * 8
    look = RunningComparison(0.05).look(own, other, 1000)
    assert (look.wins, look.losses, look.n) == (12, 0, 20)
    assert math.exp(look.log_e) == pytest.approx(sign_e_value(12, 0))
    assert look.is_decided
    assert look.p == pytest.approx(1 / sign_e_value(12, 0))
    assert look.difference == pytest.approx(0.6)
    assert look.interval == difference_set([1.0] * 12 + [0.0] * 8, 1000)


def test_what_decides_is_what_this_look_sees():
    comparison = RunningComparison(0.05)
    comparison.look([1.0] * 12, [0.0] * 12, 1000)
    look = comparison.look([1.0] * 12 + [0.0] * 12, [0.0] * 12 + [1.0] * 12, 1000)
    assert not look.is_decided
    # p is that of the best look: valid at any time, but the sign of now is none.
    assert look.p == pytest.approx(1 / sign_e_value(12, 0))


def test_fractions_are_decided_by_the_interval():
    own, other = [0.9] * 300, [0.1] * 300
    look = RunningComparison(0.05).look(own, other, 1000)
    assert (look.log_e, look.wins, look.p) == (None, None, None)
    assert look.interval[0] > 0
    assert look.is_decided
    assert not RunningComparison(0.05).look(own[:3], other[:3], 1000).is_decided


@pytest.mark.parametrize(("share", "decided"), [(1.0, True), (0.0, True), (0.48, False)])
def test_with_a_bound_the_interval_decides_on_its_side(share, decided):
    source = random.Random(1)
    own = [float(source.random() < share) for _ in range(300)]
    other = [float(source.random() < 0.5) for _ in range(300)]
    look = RunningComparison(0.05, -0.02).look(own, other, 2000)
    assert look.is_decided == decided
    low, high = look.interval
    assert decided == (low > -0.02 or high < -0.02)


def test_all_documents_decide_nothing_by_their_difference_alone():
    own, other = [0.6] * 10, [0.5] * 10
    assert not RunningComparison(0.05).look(own, other, 10).is_decided
    assert not RunningComparison(0.05, -0.02).look(own, other, 10).is_decided


def test_nothing_in_common_so_far_is_no_evidence():
    look = RunningComparison(0.05).look([], [], 10)
    assert (look.difference, look.is_decided, look.log_e) == (0.0, False, 0.0)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, math.nan])
def test_alpha_is_a_probability(alpha):
    for made in (RunningMean, RunningComparison):
        with pytest.raises(AnalysisError, match="alpha is"):
            made(alpha)


def test_scores_that_are_no_shares_or_not_of_the_same_documents():
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        RunningMean(0.05).look([0.5, 5.0], 10)
    with pytest.raises(AnalysisError, match="that cannot be"):
        RunningMean(0.05).look([1, 1], 1)
    with pytest.raises(AnalysisError, match="as many of one"):
        RunningComparison(0.05).look([1.0], [], 10)
