"""Intervals of a score: Wilson and exact as statsmodels gives them; clusters; what has no interval."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from proctor.analysis.intervals import clustered_mean, clustered_stderr, mean_interval, share_interval
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr

SHARES = [(0, 1), (1, 1), (0, 20), (7, 20), (20, 20), (501, 1000), (14_000, 14_042)]


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("hits", "n"), SHARES)
def test_intervals_of_a_share(hits, n, level):
    for method, theirs in (("wilson", "wilson"), ("exact", "beta")):
        expected = proportion_confint(hits, n, 1 - level, method=theirs)
        assert share_interval(hits, n, level, method) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 3000), st.data())
def test_the_exact_interval_lies_within_0_and_1_and_holds_the_share(n, data):
    hits = data.draw(st.integers(0, n))
    for method in ("wilson", "exact"):
        low, high = share_interval(hits, n, method=method)
        assert 0 <= low <= hits / n <= high <= 1
        assert low < high


@pytest.mark.parametrize(("hits", "n", "level"), [(3, 2, 0.95), (-1, 2, 0.95), (0, 0, 0.95), (1, 2, 95)])
def test_an_impossible_share_is_refused(hits, n, level):
    with pytest.raises(AnalysisError, match="must lie between"):
        share_interval(hits, n, level)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=60), st.randoms())
def test_own_clusters_give_the_plain_error(values, source):
    names = source.sample(range(1000), len(values))
    stderr, count = clustered_stderr(values, names)
    assert count == len(values)
    assert stderr == pytest.approx(mean_stderr(values), rel=1e-9, abs=1e-12)


def test_copies_of_documents_add_nothing():
    """Each document three times in one cluster: the error is that of the documents once."""
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    stderr, count = clustered_stderr(values * 3, list(range(8)) * 3)
    assert count == 8
    assert stderr == pytest.approx(mean_stderr(values))
    result = clustered_mean(values * 3, list(range(8)) * 3)
    assert result.effective_n == pytest.approx(8 * (24 - 3) / (24 - 1))  # s² of 24 copies has another divisor


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=1, max_size=60))
def test_wilson_on_effective_n_lies_within_0_and_1_and_holds_the_mean(rows):
    values, clusters = [float(v) for v, _ in rows], [c for _, c in rows]
    result = clustered_mean(values, clusters)
    if result.clusters == 1:
        assert result.interval is None
    else:
        low, high = result.interval
        assert -1e-12 <= low <= result.mean + 1e-12
        assert result.mean - 1e-12 <= high <= 1 + 1e-12
        assert low < high
        assert 0 < result.effective_n <= result.n


def test_few_clusters_are_marked():
    values = [float(i % 3 == 0) for i in range(60)]
    assert clustered_mean(values, [i // 4 for i in range(60)]).few_clusters
    assert not clustered_mean(values, [i // 3 for i in range(60)]).few_clusters


def test_one_cluster_has_no_error_and_says_why():
    result = clustered_mean([1.0, 0.0, 1.0], ["a", "a", "a"])
    assert (result.stderr, result.interval, result.effective_n, result.design_effect) == (None, None, None, None)
    assert result.reason == "all documents are one cluster: nothing is known of how clusters vary"
    assert result.mean == pytest.approx(2 / 3)


def test_all_right_counts_each_cluster_once():
    """Nothing is known of how documents of a cluster go together: the interval is that of the clusters."""
    result = clustered_mean([1.0] * 60, [i // 6 for i in range(60)])
    assert (result.design_effect, result.effective_n, result.stderr) == (None, 10, 0)
    low, high = result.interval
    assert high == 1
    assert low < share_interval(10, 10)[0]


def test_other_scores_have_a_t_interval():
    values = [0.25, 0.5, 0.75, 0.5, 1.0, 0.0]
    result = clustered_mean(values, [0, 0, 1, 1, 2, 2])
    assert result.interval == result.interval_t
    equal = clustered_mean([0.5, 0.5, 0.5], [0, 1, 1])
    assert equal.interval is None
    assert "equal" in equal.reason


def test_the_interval_of_independent_values():
    import scipy.stats

    assert mean_interval([1, 0, 1, 1]) == share_interval(3, 4)
    values = [0.1, 0.4, 0.35, 0.9]
    expected = scipy.stats.t.interval(0.9, 3, loc=sum(values) / 4, scale=mean_stderr(values))
    assert mean_interval(values, 0.9) == pytest.approx(expected, abs=1e-12)
    assert mean_interval([0.5, 0.5]) is None
    assert mean_interval([0.5]) is None


def test_bad_values_are_sentences():
    with pytest.raises(AnalysisError, match="2 and 1 values and clusters"):
        clustered_mean([1, 0], [0])
    with pytest.raises(AnalysisError, match="There are no values"):
        clustered_mean([], [])
    with pytest.raises(AnalysisError, match="position 1 is nan"):
        clustered_mean([1.0, math.nan], [0, 1])
    with pytest.raises(AnalysisError, match="position 0 is inf"):
        mean_interval([math.inf])


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "correlation"), [(20, 0.2), (60, 0.2), (60, 0.5), (20, 0.0)])
def test_wilson_on_effective_n_covers_clustered_scores(clusters, correlation):
    """Passages of 6 documents, beta-binomial with a correlation within passages: 95 % of the intervals hold the truth.

    2,000 runs: the share of covered ones has a standard error of half a point.
    """
    source, truth, covered, plain, runs = random.Random(clusters), 0.7, 0, 0, 2000
    names = [c for c in range(clusters) for _ in range(6)]
    size = (1 - correlation) / correlation if correlation else None
    for _ in range(runs):
        values = []
        for _ in range(clusters):
            share = source.betavariate(truth * size, (1 - truth) * size) if size else truth
            values += [float(source.random() < share) for _ in range(6)]
        low, high = clustered_mean(values, names).interval
        covered += low <= truth <= high
        low, high = share_interval(int(sum(values)), len(values))
        plain += low <= truth <= high
    assert covered / runs > 0.935
    assert covered >= plain
    if correlation >= 0.2:
        assert plain / runs < 0.88
