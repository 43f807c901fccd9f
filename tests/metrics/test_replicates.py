"""Statistics of many resamples at once: equal to the last bit to one resample at a time."""

from __future__ import annotations

import functools
import math
import operator
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.metrics import aggregate, replicates
from proctor.metrics.tables import AGGREGATIONS, aggregation_row, loaded
from proctor.stats import bootstrap

NAN = math.nan

BOOTSTRAPPED = ["median", "nanmean", "perplexity", "f1", "matthews_corrcoef", "bleu", "chrf", "chrf++", "ter"]


def values_for(name, size):
    source = random.Random(size)
    if name in ("f1", "matthews_corrcoef"):
        return [(source.randint(0, 1), source.randint(0, 1)) for _ in range(size)]
    if name == "nanmean":
        return [source.choice([NAN, source.gauss(0, 1), source.gauss(0, 1)]) for _ in range(size)]
    if name in ("median", "perplexity"):
        return [source.gauss(0, 1) for _ in range(size)]
    words = ["a", "b", "cat", "dog", ".", "Über", "日本"]
    return [[" ".join(source.choices(words, k=6)) for _ in range(2)] for _ in range(size)]


def assert_equal(fast, slow):
    """Equal to the last bit, and not a number in the same places."""
    assert [repr(float(value)) for value in fast] == [repr(float(value)) for value in slow]


@pytest.mark.parametrize("name", BOOTSTRAPPED)
@pytest.mark.parametrize("size", [2, 3, 17, 150])
def test_many_resamples_at_once_are_equal_to_one_at_a_time(name, size):
    statistic, values = AGGREGATIONS.get(name), values_for(name, size)
    batch = loaded(aggregation_row(statistic).batch)(values)
    assert batch is not None
    fast = bootstrap.bootstrap_replicates(statistic, values, 40, batch=batch)
    slow = bootstrap.bootstrap_replicates(statistic, values, 40)
    assert [float(value) for value in fast] == pytest.approx(
        [float(value) for value in slow], rel=0, abs=0, nan_ok=True
    )


@pytest.mark.parametrize("name", ["perplexity", "f1", "matthews_corrcoef", "median", "nanmean"])
def test_long_tasks_are_equal_too(name):
    statistic, values = AGGREGATIONS.get(name), values_for(name, 9000)
    batch = loaded(aggregation_row(statistic).batch)(values)
    fast = bootstrap.bootstrap_replicates(statistic, values, 20, batch=batch, threads=2)
    slow = bootstrap.bootstrap_replicates(statistic, values, 20)
    assert [float(value) for value in fast] == pytest.approx(
        [float(value) for value in slow], rel=0, abs=0, nan_ok=True
    )


@given(st.lists(st.floats(-100, 0), min_size=1, max_size=40), st.integers(1, 6))
def test_sums_add_from_left_to_right(values, rows):
    numpy = pytest.importorskip("numpy")
    index = (numpy.arange(rows)[:, None] + numpy.arange(len(values))) % len(values)
    expected = [functools.reduce(operator.add, [values[i] for i in row], 0.0) for row in index.tolist()]
    assert replicates.ordered_sums(numpy.array(values), index).tolist() == expected


@given(st.lists(st.floats(-100, 0), min_size=1, max_size=40), st.integers(1, 6))
def test_corrected_sums_are_those_of_python_3_12(values, rows):
    numpy = pytest.importorskip("numpy")
    index = (numpy.arange(rows)[:, None] + numpy.arange(len(values))) % len(values)
    sums = replicates.ordered_sums(numpy.array(values), index, compensated=True).tolist()
    assert sums == [pytest.approx(math.fsum(values[i] for i in row), rel=1e-15) for row in index.tolist()]
    if replicates.COMPENSATED:
        assert sums == [sum(values[i] for i in row) for row in index.tolist()]


@pytest.mark.parametrize("size", [87_382, 140_000])
def test_tasks_so_long_that_a_block_has_one_row_are_equal(size):
    values = values_for("perplexity", size)
    batch = replicates.perplexity_batch(values)
    fast = bootstrap.bootstrap_replicates(aggregate.perplexity, values, 3, batch=batch)
    assert_equal(fast, bootstrap.bootstrap_replicates(aggregate.perplexity, values, 3))


def test_values_without_an_order_are_not_ranked():
    assert replicates.median_batch([1.0, NAN]) is None
