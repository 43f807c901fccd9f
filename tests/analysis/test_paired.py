"""A against B: the test that fits the scores, intervals that cover, equal results when A and B change places."""

from __future__ import annotations

import math
import random

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.draws import source_of
from proctor.analysis.paired import Estimate, bonett_price, mcnemar, paired_counts, paired_difference
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr

binary = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=80)
graded = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=12)


def compare(a, b, clusters=None, **options):
    return paired_difference(a, b, clusters, source=source_of(0, "test"), **options)


def test_counts():
    counts = paired_counts([1, 1, 1, 0, 0], [1, 0, 0, 1, 0])
    assert (counts.both, counts.only_a, counts.only_b, counts.neither) == (1, 2, 1, 1)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_test_of_scipy(b, c):
    expected = scipy.stats.binomtest(b, b + c).pvalue if b + c else 1
    result = mcnemar(b, c)
    assert result.exact == pytest.approx(expected, rel=1e-9)
    assert 0 <= result.mid_p <= result.exact <= 1


@given(binary)
def test_swapping_mirrors_the_interval_and_keeps_p(pairs):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    one, other = compare(a, b), compare(b, a)
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]), abs=1e-12)
    assert (one.p, one.mid_p, one.detectable_effect) == (other.p, other.mid_p, other.detectable_effect)
    assert one.difference == -other.difference


@given(graded)
def test_swapping_graded_scores(pairs):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    one, other = compare(a, b), compare(b, a)
    assert one.p == pytest.approx(other.p, abs=1e-12)
    assert (one.interval is None) == (other.interval is None)
    if one.interval:
        assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]), abs=1e-12)


@given(binary, st.integers(0, 20))
def test_documents_that_both_get_right_change_no_mcnemar_p(pairs, more):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    assert compare(a, b).p == compare(a + [1] * more, b + [1] * more).p


@given(binary)
def test_the_interval_has_a_width_and_the_variance_is_that_of_the_specification(pairs):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    result = compare(a, b)
    low, high = result.interval
    assert low < high
    discordant = result.counts.only_a + result.counts.only_b
    if discordant:
        assert result.variance == pytest.approx(discordant / result.n - result.difference**2, abs=1e-12)
    assert result.variance >= 0


def test_equal_scores_have_a_detectable_effect():
    """No discordant document of 100 does not mean that a difference of 0 would be found."""
    result = compare([1] * 100, [1] * 100)
    assert result.p == 1
    assert result.detectable_effect == pytest.approx(2.8015852181 * math.sqrt(2 / 102 / 100), rel=1e-9)


def test_graded_scores():
    a, b = [0.9, 0.2, 0.5, 0.7, 0.1], [0.7, 0.3, 0.2, 0.7, 0.0]
    result = compare(a, b)
    differences = [x - y for x, y in zip(a, b, strict=True)]
    expected = scipy.stats.t.interval(0.95, 4, loc=sum(differences) / 5, scale=mean_stderr(differences))
    assert result.interval == pytest.approx(expected, abs=1e-12)
    assert (result.test, result.counts, result.mid_p) == ("sign flips", None, None)
    assert result.stderr_unpaired == pytest.approx(math.hypot(mean_stderr(a), mean_stderr(b)))


def test_clusters_change_test_interval_and_effect():
    source = random.Random(3)
    passages = [source.random() for _ in range(40)]
    a = [float(source.random() < 0.4 + 0.4 * share) for share in passages for _ in range(5)]
    b = [float(source.random() < 0.7 - 0.4 * share) for share in passages for _ in range(5)]
    clusters = [i // 5 for i in range(200)]
    plain, result = compare(a, b), compare(a, b, clusters)
    assert (plain.test, result.test, result.clusters) == ("mcnemar", "sign flips", 40)
    assert result.design_effect == pytest.approx((result.stderr / plain.stderr) ** 2)
    assert result.estimate == Estimate(pytest.approx(result.difference), result.stderr, 39)
    assert result.detectable_effect == pytest.approx(plain.detectable_effect * math.sqrt(result.design_effect))
    assert result.counts == plain.counts


def test_what_does_not_exist_says_why():
    one = compare([1, 0, 1], [0, 0, 1], ["x", "x", "x"])
    assert (one.interval, one.stderr, one.detectable_effect, one.p) == (None, None, None, 1)
    assert "one cluster" in one.reason
    equal = compare([0.5, 0.25], [0.25, 0.0])
    assert (equal.interval, equal.detectable_effect) == (None, None)
    assert "equal" in equal.reason
    single = compare([0.5], [0.25])
    assert single.interval is None
    assert "one document" in single.reason


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare([], []), "There are no documents"),
        (lambda: compare([1], [1, 0]), "1 and 2 scores of A and of B"),
        (lambda: compare([1.0, math.nan], [1, 0]), "position 1 is nan"),
        (lambda: compare([1, 0], [1, 0], [1]), "2 and 1"),
        (lambda: compare([1, 0], [1, 0], level=95), "level of an interval is 95"),
        (lambda: mcnemar(-1, 2), "below 0"),
        (lambda: bonett_price(5, 6, 10), "cannot be|that cannot"),
        (lambda: paired_counts([0.5], [1]), "neither 0 nor 1"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "only_a", "only_b"), [(30, 0.1, 0.1), (100, 0.15, 0.05), (500, 0.02, 0.02), (200, 0.3, 0.1)]
)
def test_the_interval_covers_the_true_difference(n, only_a, only_b):
    """Bonett and Price's interval in 4,000 comparisons: at least 94 % hold the truth."""
    source, truth, covered, runs = random.Random(n), only_a - only_b, 0, 4000
    for _ in range(runs):
        draws = [source.random() for _ in range(n)]
        b = sum(draw < only_a for draw in draws)
        c = sum(draw > 1 - only_b for draw in draws)
        low, high = bonett_price(b, c, n).interval()
        covered += low <= truth <= high
    assert covered / runs > 0.94


@pytest.mark.slow
@pytest.mark.parametrize("difference", [0.0, 0.06])
def test_clustered_comparisons_cover_and_do_not_overclaim(difference):
    """40 passages of 5 documents on which one model or the other is better: plain McNemar claims too much."""
    source, runs, covered, claims, plain = random.Random(12), 500, 0, 0, 0
    clusters = [i // 5 for i in range(200)]
    for _ in range(runs):
        a, b = [], []
        for _ in range(40):
            tilt = source.choice((-0.25, 0.25))
            for _ in range(5):
                a.append(float(source.random() < 0.55 + difference / 2 + tilt))
                b.append(float(source.random() < 0.55 - difference / 2 - tilt))
        result = compare(a, b, clusters)
        low, high = result.interval
        covered += low <= difference <= high
        claims += result.p <= 0.05
        plain += compare(a, b).p <= 0.05
    assert covered / runs > 0.925
    if not difference:
        assert claims / runs < 0.075
        assert plain / runs > 0.1


@pytest.mark.slow
def test_graded_scores_cover_and_do_not_overclaim():
    """Skewed scores of 14 documents, of equal mean: t interval and exact sign flips."""
    source, runs, covered, claims = random.Random(13), 300, 0, 0
    for _ in range(runs):
        a = [source.random() ** 3 for _ in range(14)]
        b = [min(1.0, max(0.0, 0.7 * x + 0.3 * source.random() ** 3)) for x in a]
        result = paired_difference(a, b, source=source_of(0), level=0.95)
        covered += result.interval[0] <= 0 <= result.interval[1]
        claims += result.p <= 0.05
    assert covered / runs > 0.925
    assert claims / runs < 0.075


def test_a_difference_of_shares_lies_within_one():
    found = paired_difference([1.0], [0.0], source=random.Random(0))
    assert found.interval[1] == 1.0
    assert found.interval[0] >= -1.0
    assert found.detectable_effect is None
    two = paired_difference([1.0, 1.0], [0.0, 1.0], source=random.Random(0))
    assert two.interval[1] <= 1.0
    assert two.detectable_effect is None or two.detectable_effect <= 1
