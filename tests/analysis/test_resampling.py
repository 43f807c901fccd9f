"""The bootstrap: of a mean it gives what the formula gives; what does not exist is counted."""

from __future__ import annotations

import math
import random

import pytest

from proctor.analysis.draws import source_of
from proctor.analysis.resampling import bootstrap, bootstrap_counts
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr


def mean(values):
    return sum(values) / len(values)


def test_a_mean():
    source = random.Random(2)
    values = [source.random() for _ in range(200)]
    result = bootstrap(values, mean, source=source_of(0, "mean"))
    assert result.stderr == pytest.approx(mean_stderr(values), rel=0.1)
    middle, half = mean(values), 1.96 * mean_stderr(values)
    assert result.interval == pytest.approx((middle - half, middle + half), abs=0.01)


def test_pairs_and_clusters_stay_together():
    pairs = [(i % 2, i % 2) for i in range(40)]
    difference = bootstrap(pairs, lambda some: mean([a - b for a, b in some]), source=source_of(0))
    assert difference.stderr is None
    assert "the same" in difference.reason
    clusters = [[float(i % 2)] * 5 for i in range(40)]
    clustered = bootstrap(clusters, lambda some: mean([v for one in some for v in one]), source=source_of(0))
    assert clustered.stderr == pytest.approx(mean_stderr([float(i % 2) for i in range(40)]), rel=0.15)


def test_a_statistic_that_often_does_not_exist_has_no_interval():
    result = bootstrap([0, 1], lambda some: None if len(set(some)) < 2 else 1.0, source=source_of(0), draws=100)
    assert result.stderr is None
    assert 30 < result.undefined < 70
    assert f"{result.undefined} of 100" in result.reason


def test_few_resamples_without_the_statistic_are_left_out():
    def fragile(some):
        return math.nan if 0 not in some else mean(some)

    result = bootstrap([0, 0, 0, 0, 1, 2], fragile, source=source_of(0))
    assert 0 <= result.undefined < 20
    assert result.interval


def test_units_of_few_kinds_give_the_same_error():
    values = [1.0] * 120 + [0.0] * 60 + [0.5] * 20
    result = bootstrap_counts(
        [120, 60, 20], lambda drawn: (drawn[0] + drawn[2] / 2) / sum(drawn), source=source_of(0), draws=2000
    )
    assert result.stderr == pytest.approx(mean_stderr(values), rel=0.06)
    with pytest.raises(AnalysisError, match="There are no units"):
        bootstrap_counts([0, 0], sum, source=source_of(0))


def test_bad_requests_are_sentences():
    with pytest.raises(AnalysisError, match="There are no units"):
        bootstrap([], mean, source=source_of(0))
    with pytest.raises(AnalysisError, match="1 draws"):
        bootstrap([1, 2], mean, source=source_of(0), draws=1)
