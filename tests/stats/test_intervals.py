"""Intervals: those of a share as scipy and statsmodels give them, and none where nothing can be said."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.stats.intervals import normal_interval, percentile_interval, wilson_interval


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.27753279986288926),
        (3, 10, 0.10779126740630104, 0.6032218525388546),
        (10, 10, 0.7224672001371106, 1.0),
        (47, 50, 0.8378290831116182, 0.979385029651026),
        (62, 100, 0.5220975529551107, 0.7090240074752127),
        (730, 1000, 0.7016420587131035, 0.7565976323835412),
    ],
)
def test_the_interval_of_a_share(hits, n, low, high):
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=1e-12)


def test_scipy_gives_the_same_interval():
    scipy_stats = pytest.importorskip("scipy.stats")
    for hits, n in ((0, 1), (1, 3), (17, 40), (999, 1000)):
        theirs = scipy_stats.binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson_interval(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(st.integers(1, 5000), st.data())
def test_a_share_has_an_interval_with_a_width_within_0_and_1(n, data):
    hits = data.draw(st.integers(0, n))
    low, high = wilson_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high
    mirrored = wilson_interval(n - hits, n)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_the_interval_of_a_mean():
    assert normal_interval(2.0, 0.5) == pytest.approx((1.0200180077, 2.9799819923), abs=1e-9)


@pytest.mark.parametrize(
    ("score", "stderr"), [(0.5, 0.0), (0.5, math.nan), (math.nan, 0.1), (math.inf, 0.1), (None, 0.1), ([0.5], 0.1)]
)
def test_a_mean_of_which_nothing_can_be_said_has_no_interval(score, stderr):
    assert normal_interval(score, stderr) is None


def test_the_percentiles_of_a_bootstrap():
    replicates = [i / 1000 for i in range(1001)]
    random.Random(1).shuffle(replicates)
    assert percentile_interval(replicates) == pytest.approx((0.025, 0.975))


@pytest.mark.parametrize(
    "replicates", [[0.5] * 2000, [0.1, 0.2] * 400, [*range(2000), math.nan], [math.inf, *range(2000)]]
)
def test_a_bootstrap_that_says_nothing_has_no_interval(replicates):
    assert percentile_interval(replicates) is None
