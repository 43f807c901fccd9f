"""The betting set: that of the whole grid, valid at every look, the mean itself at the end."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.analysis.betting import betting_set, difference_set, macro_weights, running_interval
from proctor.errors import AnalysisError

STEP = 1 / 2000


def on_the_whole_grid(values, population, alpha, points):
    """The vector's note, word by word, for some points of the grid."""
    kept = []
    for m in points:
        up = down = 1.0
        total, squares, mean, variance, possible = 0.0, 0.0, 0.5, 0.25, True
        for t, y in enumerate(values, 1):
            expected = (population * m - total) / (population - t + 1)
            if not -1e-12 <= expected <= 1 + 1e-12:
                possible = False
                break
            bet = math.sqrt(2 * math.log(2 / alpha) / (variance * t * math.log(1 + t)))
            up *= 1 + min(bet, 0.5 / max(expected, 1e-12)) * (y - expected)
            down *= 1 - min(bet, 0.5 / max(1 - expected, 1e-12)) * (y - expected)
            total += y
            mean = (0.5 + total) / (t + 1)
            squares += (y - mean) ** 2
            variance = (0.25 + squares) / (t + 1)
        possible = possible and total <= population * m + 1e-9 <= total + population - len(values) + 2e-9
        if possible and max(up, down) / 2 < 1 / alpha:
            kept.append(m)
    return kept


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 0.25]), min_size=1, max_size=60), st.integers(0, 60))
def test_the_set_is_that_of_the_whole_grid(values, more):
    population = len(values) + more
    points = [k / 100 for k in range(101)]
    kept = on_the_whole_grid(values, population, 0.05, points)
    low, high = betting_set(values, population)
    if more:
        assert all(low - STEP <= m <= high + STEP for m in kept)
        inside = [m for m in points if low + STEP < m < high - STEP]
        assert set(inside) <= set(kept)
    else:
        assert low == high == pytest.approx(sum(values) / population)


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=80), st.integers(0, 100))
def test_swapping_models_mirrors_the_set(differences, more):
    low, high = difference_set(differences, len(differences) + more)
    other = difference_set([-d for d in differences], len(differences) + more)
    assert other == pytest.approx((-high, -low), abs=4 * STEP)
    assert low <= high


def test_the_running_set_shrinks_and_ends_at_the_mean():
    source = random.Random(2)
    values = [source.choice([0.0, 0.5, 0.5, 1.0]) for _ in range(300)]
    running = None
    for t in range(20, 301, 20):
        now = running_interval(running, betting_set(values[:t], 300))
        if running is not None:
            assert running[0] - 1e-12 <= now[0] <= now[1] <= running[1] + 1e-12
        running = now
    assert running == pytest.approx((sum(values) / 300,) * 2, abs=STEP)
    assert running_interval((0.1, 0.2), (0.3, 0.4)) == (0.3, 0.4)


def test_the_plain_mean_over_tasks():
    weights, scale = macro_weights([100, 300])
    assert (weights, scale) == ([1.0, pytest.approx(1 / 3)], 2.0)
    values = [0.8 * weights[0]] * 100 + [0.4 * weights[1]] * 300
    low, high = betting_set(values, 400)
    assert low * scale == pytest.approx(0.6)
    assert high * scale == pytest.approx(0.6)


def test_extremes():
    low, high = betting_set([1.0] * 200, 400)
    assert high == 1
    assert 0.9 < low < 1
    assert betting_set([0.0] * 200, 400) == pytest.approx((0, 1 - low), abs=STEP)
    assert betting_set([], 10) == (0, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: betting_set([0.5] * 3, 2), "cannot be"),
        (lambda: betting_set([], 0), "cannot be"),
        (lambda: betting_set([1.5], 3), "between 0 and 1"),
        (lambda: betting_set([math.nan], 3), "nan"),
        (lambda: betting_set([0.5], 3, alpha=0), "alpha"),
        (lambda: difference_set([1.5], 3), "between 0 and 1"),
        (lambda: macro_weights([]), "at least one task"),
        (lambda: macro_weights([3, 0]), "at least one task"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()


@pytest.mark.slow
def test_the_difference_is_missed_at_any_look_in_5_percent_of_runs_at_most():
    """600 documents, 20 % discordant, no difference; looks each 100."""
    source, runs, missed = random.Random(6), 120, 0
    for _ in range(runs):
        differences = [1.0] * 60 + [-1.0] * 60 + [0.0] * 480
        source.shuffle(differences)
        for t in range(100, 600, 100):
            low, high = difference_set(differences[:t], 600)
            if not low <= 0 <= high:
                missed += 1
                break
    assert missed / runs <= 0.05
