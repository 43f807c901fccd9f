"""Groups of tasks: weighted and plain means, and whether tasks agree."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.groups import cochran_q, group_difference, group_mean
from proctor.errors import AnalysisError

tasks = st.lists(st.tuples(st.integers(1, 500), st.floats(-1, 1), st.floats(0.001, 0.5)), min_size=2, max_size=12)


@given(tasks)
def test_equal_sizes_make_both_means_equal(rows):
    _, scores, stderrs = zip(*rows, strict=True)
    result = group_mean([7] * len(rows), scores, stderrs)
    assert result.micro == pytest.approx(result.macro, abs=1e-12)
    assert result.micro_stderr == pytest.approx(result.macro_stderr, rel=1e-9)


@given(tasks)
def test_swapping_models_mirrors_a_group(rows):
    sizes, differences, stderrs = zip(*rows, strict=True)
    one = group_difference(sizes, differences, stderrs)
    other = group_difference(sizes, [-d for d in differences], stderrs)
    assert one.micro == -other.micro
    assert one.p == other.p
    assert one.agreement.q == pytest.approx(other.agreement.q, rel=1e-9, abs=1e-12)
    assert one.estimate.stderr == one.micro_stderr


def test_tasks_that_agree_have_no_q():
    assert cochran_q([0.1, 0.1, 0.1], [0.2, 0.1, 0.3]).q == pytest.approx(0)
    assert cochran_q([0.1, 0.1, 0.1], [0.2, 0.1, 0.3]).p == pytest.approx(1)


def test_a_task_without_an_error_leaves_the_group_without():
    result = group_difference([10, 20], [0.1, 0.2], [0.1, None])
    assert (result.micro_stderr, result.p, result.agreement, result.estimate) == (None, None, None, None)
    assert result.reason == "a task of the group has no standard error"
    assert result.micro == pytest.approx(5 / 30)


def test_one_task_and_an_error_of_0():
    single = group_difference([10], [0.1], [0.1])
    assert (single.agreement, single.macro_stderr_new_tasks) == (None, None)
    assert single.reason == "one task agrees with itself"
    certain = group_difference([10, 10], [0.1, 0.0], [0.0, 0.1])
    assert certain.agreement is None
    assert "is 0" in certain.reason
    assert certain.p == pytest.approx(2 * 0.5 * math.erfc(1 / math.sqrt(2)))


def test_bad_groups_are_sentences():
    with pytest.raises(AnalysisError, match="There are no tasks"):
        group_mean([], [], [])
    with pytest.raises(AnalysisError, match="1 and 2 sizes and scores"):
        group_mean([1], [0.1, 0.2], [0.1])
    with pytest.raises(AnalysisError, match="at least two tasks"):
        cochran_q([0.1, 0.2], [0.1, 0.0])
