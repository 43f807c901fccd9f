"""The bootstrap. The literals are what lm-eval 0.4.13 gives on Python 3.11 for the same input."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.stats import bootstrap

SPREAD = [1.5, 2.25, 0.75, 4.0, 3.5]


def spread_of(values):
    return max(values) - min(values)


def test_one_value_or_one_resample_has_no_error():
    assert bootstrap.bootstrap_stderr(spread_of, [1.0], 1000) is None
    assert bootstrap.bootstrap_stderr(spread_of, SPREAD, 1) is None


def test_the_first_replicate_of_eight_documents():
    (first,) = list(bootstrap.index_blocks(0, 1, 8))
    assert first.tolist() == [[6, 6, 3, 2, 4, 3, 6, 2]]


def test_a_statistic_of_ones_own_is_bootstrapped_one_list_at_a_time():
    assert bootstrap.bootstrap_stderr(spread_of, SPREAD, 1500) == pytest.approx(0.6894743014154415, rel=1e-14)


def test_replicates_beyond_whole_chunks_are_dropped():
    assert len(bootstrap.bootstrap_replicates(spread_of, SPREAD, 2500)) == 2000
    assert len(bootstrap.bootstrap_replicates(spread_of, SPREAD, 40)) == 40


@given(seed=st.integers(0, 10_000), size=st.integers(1, 300), rows=st.integers(1, 20))
def test_positions_are_those_that_python_would_choose(seed, size, rows):
    blocks = [block.tolist() for block in bootstrap.index_blocks(seed, rows, size)]
    source = random.Random(seed)
    assert [row for block in blocks for row in block] == [source.choices(range(size), k=size) for _ in range(rows)]


def test_many_values_come_in_blocks_of_bounded_size():
    size = 100_000
    shapes = [block.shape for block in bootstrap.index_blocks(3, 7, size)]
    assert [rows for rows, _ in shapes] == [2, 2, 2, 1]
    assert max(rows * columns for rows, columns in shapes) <= 1 << 18


def test_threads_change_nothing():
    values = [random.Random(5).random() for _ in range(2500)]

    def batch(index):
        return [float(row[0]) for row in index]

    one = bootstrap.bootstrap_replicates(spread_of, values, 3000, batch=batch, threads=1)
    three = bootstrap.bootstrap_replicates(spread_of, values, 3000, batch=batch, threads=3)
    assert one == three
    assert len(one) == 3000


def test_a_failing_statistic_ends_the_threads():
    def batch(index):
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError):
        bootstrap.bootstrap_replicates(spread_of, [0.0] * 5000, 5000, batch=batch, threads=2)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("bootstrap")]


def test_the_number_of_threads_follows_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert bootstrap.usable_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert 1 <= bootstrap.usable_threads() <= 16
