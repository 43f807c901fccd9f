"""Distributions in plain Python: what scipy gives, in the middle and far out, for few and for many documents."""

from __future__ import annotations

import pytest
import scipy.stats as scipy_stats
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis import distributions as own
from proctor.errors import AnalysisError

SHAPES = [(0.5, 0.5), (0.5, 40), (1, 1), (3, 8), (9.9, 10.1), (120, 4), (5000, 9043), (0.5, 7000), (60_000, 61_000)]
POINTS = (1e-12, 0.01, 0.3, 0.356, 0.5, 0.7, 0.999)


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_beta_probabilities(a, b):
    for x in POINTS:
        theirs = scipy_stats.beta.cdf(x, a, b)
        assert own.beta_cdf(x, a, b) == pytest.approx(theirs, rel=1e-9, abs=1e-300)
    assert own.beta_cdf(-1, a, b) == own.beta_cdf(0, a, b) == 0
    assert own.beta_cdf(1, a, b) == own.beta_cdf(2, a, b) == 1


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_beta_quantiles(a, b):
    for p in (1e-9, 0.025, 0.5, 0.975):
        assert own.beta_quantile(p, a, b) == pytest.approx(scipy_stats.beta.ppf(p, a, b), rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 7, 19, 500, 14_041, 1e6])
def test_student(freedom):
    for t in (-3.0, 0.0, 0.4, 2.0, 12.0):
        assert own.student_tail(t, freedom) == pytest.approx(scipy_stats.t.sf(t, freedom), rel=1e-9)
    for p in (0.0005, 0.5, 0.6, 0.95, 0.975, 0.9999):
        assert own.student_quantile(p, freedom) == pytest.approx(scipy_stats.t.ppf(p, freedom), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 56, 700])
def test_chi_square(freedom):
    for x in (0.0, 1e-3, 0.5, 3.0, 40.0, 900.0):
        assert own.chi_square_tail(x, freedom) == pytest.approx(scipy_stats.chi2.sf(x, freedom), rel=1e-9)


def test_normal():
    for z in (-3.0, 0.0, 1.959963984540054, 9.0):
        assert own.normal_tail(z) == pytest.approx(scipy_stats.norm.sf(z), rel=1e-12)
    assert own.normal_quantile(0.975) == pytest.approx(1.959963984540054, abs=1e-14)


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (30, 1 / 24), (1000, 0.25), (14_042, 0.25)])
def test_binomial_tails(n, p):
    for k in {0, 1, n // 4, n // 3, n, n + 1}:
        assert own.binomial_tail(k, n, p) == pytest.approx(scipy_stats.binom.sf(k - 1, n, p), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("n", [1, 2, 15, 170, 2626, 19_999, 20_001, 50_000])
def test_throws_of_a_fair_coin(n):
    for k in {-1, 0, n // 3, int(n / 2 - n**0.5), n // 2, n // 2 + 1, n - 1, n}:
        assert own.fair_coin_cdf(k, n) == pytest.approx(scipy_stats.binom.cdf(k, n, 0.5), rel=1e-9, abs=1e-300)
        assert own.fair_coin_probability(k, n) == pytest.approx(scipy_stats.binom.pmf(k, n, 0.5), rel=1e-9, abs=1e-300)


@given(st.integers(0, 400), st.data())
def test_the_coin_is_exact(n, data):
    from math import comb

    k = data.draw(st.integers(0, n))
    assert own.fair_coin_cdf(k, n) == pytest.approx(sum(comb(n, i) for i in range(k + 1)) / 2**n, rel=1e-13)


def test_a_level_is_a_probability():
    assert own.check_level(0.95) == pytest.approx(0.025)
    for level in (0, 1, 95, -0.1):
        with pytest.raises(AnalysisError, match="must lie between 0 and 1"):
            own.check_level(level)
