"""Standard errors. The literals are what lm-eval 0.4.13 gives on Python 3.11 for the same input."""

from __future__ import annotations

import math
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor import stats

SPREAD = [1.5, 2.25, 0.75, 4.0, 3.5]
errors = st.lists(st.floats(0, 10), min_size=1, max_size=8)


def spread_of(values):
    return max(values) - min(values)


def test_the_mean_of_five_answers_and_its_error():
    assert stats.mean([1.0, 0.0, 0.0, 1.0, 1.0]) == 0.6
    assert stats.mean_stderr([1.0, 0.0, 0.0, 1.0, 1.0]) == pytest.approx(0.24494897427831783, rel=1e-14)


def test_one_value_has_no_error():
    assert stats.mean_stderr([1.0]) is None
    assert stats.mean_stderr([]) is None
    assert stats.bootstrap_stderr(spread_of, [1.0], 1000) is None
    assert stats.bootstrap_stderr(spread_of, SPREAD, 1) is None


def test_group_errors_as_lm_eval_pools_them():
    assert stats.pooled_stderr([0.1889822, 0.0, 0.1829813], [8, 8, 8]) == 0.08768404648162756
    assert stats.pooled_stderr([0.02, 0.05, 0.011], [100, 31, 412]) == 0.009555671905297622
    assert stats.unweighted_stderr([0.0, 0.1829813]) == 0.09149065


def test_a_part_without_an_error_leaves_the_group_without():
    assert stats.pooled_stderr([0.1, None], [8, 8]) is None
    assert stats.unweighted_stderr([0.1, None]) is None
    assert stats.pooled_stderr([], []) is None
    assert stats.unweighted_stderr([]) is None
    assert stats.pooled_stderr([0.1, 0.2], [1, 1]) is None


def test_sizes_must_match():
    with pytest.raises(ValueError, match="2 standard errors for 1 sizes"):
        stats.pooled_stderr([0.1, 0.2], [3])


def test_the_first_replicate_of_eight_documents():
    (first,) = list(stats.index_blocks(0, 1, 8))
    assert first.tolist() == [[6, 6, 3, 2, 4, 3, 6, 2]]


def test_a_statistic_of_ones_own_is_bootstrapped_one_list_at_a_time():
    assert stats.bootstrap_stderr(spread_of, SPREAD, 1500) == pytest.approx(0.6894743014154415, rel=1e-14)


def test_replicates_beyond_whole_chunks_are_dropped():
    assert len(stats.bootstrap_replicates(spread_of, SPREAD, 2500)) == 2000
    assert len(stats.bootstrap_replicates(spread_of, SPREAD, 40)) == 40


@given(seed=st.integers(0, 10_000), size=st.integers(1, 300), rows=st.integers(1, 20))
def test_positions_are_those_that_python_would_choose(seed, size, rows):
    blocks = [block.tolist() for block in stats.index_blocks(seed, rows, size)]
    source = random.Random(seed)
    assert [row for block in blocks for row in block] == [source.choices(range(size), k=size) for _ in range(rows)]


def test_many_values_come_in_blocks_of_bounded_size():
    size = 100_000
    shapes = [block.shape for block in stats.index_blocks(3, 7, size)]
    assert [rows for rows, _ in shapes] == [2, 2, 2, 1]
    assert max(rows * columns for rows, columns in shapes) <= 1 << 18


def test_threads_change_nothing():
    values = [random.Random(5).random() for _ in range(2500)]

    def batch(index):
        return [float(row[0]) for row in index]

    one = stats.bootstrap_replicates(spread_of, values, 3000, batch=batch, threads=1)
    three = stats.bootstrap_replicates(spread_of, values, 3000, batch=batch, threads=3)
    assert one == three
    assert len(one) == 3000


def test_a_failing_statistic_ends_the_threads():
    def batch(index):
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError):
        stats.bootstrap_replicates(spread_of, [0.0] * 5000, 5000, batch=batch, threads=2)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("bootstrap")]


def test_the_number_of_threads_follows_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert stats.usable_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert 1 <= stats.usable_threads() <= 16


@given(errors)
def test_equal_tasks_pool_to_the_same_whether_weighted_or_not(stderrs):
    sizes = [20] * len(stderrs)
    assert stats.pooled_stderr(stderrs, sizes) == pytest.approx(stats.unweighted_stderr(stderrs), rel=1e-9)


@given(st.floats(0, 10), st.integers(1, 8))
def test_k_tasks_of_one_error_are_surer_by_the_root_of_k(stderr, k):
    assert stats.unweighted_stderr([stderr] * k) == pytest.approx(stderr / math.sqrt(k), rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50), st.randoms())
def test_the_order_of_documents_does_not_matter(values, source):
    shuffled = source.sample(values, len(values))
    assert stats.mean(shuffled) == pytest.approx(stats.mean(values), rel=1e-9, abs=1e-6)
    assert stats.mean_stderr(shuffled) == pytest.approx(stats.mean_stderr(values), rel=1e-6, abs=1e-6)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=200))
def test_the_error_of_an_accuracy_is_at_most_that_of_a_coin(values):
    assert stats.mean_stderr(values) <= 0.5 / math.sqrt(len(values) - 1) + 1e-12
