"""Standard errors by formula. The literals are what lm-eval 0.4.13 gives on Python 3.11 for the same input."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.stats.standard_errors import mean, mean_stderr, pooled_stderr, unweighted_stderr

errors = st.lists(st.floats(0, 10), min_size=1, max_size=8)


def test_the_mean_of_five_answers_and_its_error():
    assert mean([1.0, 0.0, 0.0, 1.0, 1.0]) == 0.6
    assert mean_stderr([1.0, 0.0, 0.0, 1.0, 1.0]) == pytest.approx(0.24494897427831783, rel=1e-14)


def test_one_value_has_no_error():
    assert mean_stderr([1.0]) is None
    assert mean_stderr([]) is None


def test_group_errors_as_lm_eval_pools_them():
    assert pooled_stderr([0.1889822, 0.0, 0.1829813], [8, 8, 8]) == 0.08768404648162756
    assert pooled_stderr([0.02, 0.05, 0.011], [100, 31, 412]) == 0.009555671905297622
    assert unweighted_stderr([0.0, 0.1829813]) == 0.09149065


def test_a_part_without_an_error_leaves_the_group_without():
    assert pooled_stderr([0.1, None], [8, 8]) is None
    assert unweighted_stderr([0.1, None]) is None
    assert pooled_stderr([], []) is None
    assert unweighted_stderr([]) is None
    assert pooled_stderr([0.1, 0.2], [1, 1]) is None


def test_sizes_must_match():
    with pytest.raises(ValueError, match="2 standard errors for 1 sizes"):
        pooled_stderr([0.1, 0.2], [3])


@given(errors)
def test_equal_tasks_pool_to_the_same_whether_weighted_or_not(stderrs):
    sizes = [20] * len(stderrs)
    assert pooled_stderr(stderrs, sizes) == pytest.approx(unweighted_stderr(stderrs), rel=1e-9)


@given(st.floats(0, 10), st.integers(1, 8))
def test_k_tasks_of_one_error_are_surer_by_the_root_of_k(stderr, k):
    assert unweighted_stderr([stderr] * k) == pytest.approx(stderr / math.sqrt(k), rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50), st.randoms())
def test_the_order_of_documents_does_not_matter(values, source):
    shuffled = source.sample(values, len(values))
    assert mean(shuffled) == pytest.approx(mean(values), rel=1e-9, abs=1e-6)
    assert mean_stderr(shuffled) == pytest.approx(mean_stderr(values), rel=1e-6, abs=1e-6)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=200))
def test_the_error_of_an_accuracy_is_at_most_that_of_a_coin(values):
    assert mean_stderr(values) <= 0.5 / math.sqrt(len(values) - 1) + 1e-12
