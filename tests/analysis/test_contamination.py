"""Contamination: exact rank sums, silence without memory, a found canary, and what is no evidence."""

from __future__ import annotations

import itertools
import math
import random

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.contamination import (
    against_reference,
    completion,
    one_sided_test,
    order_canary,
    order_drop,
    rank_sum_tail,
    sharded_order,
)
from proctor.errors import AnalysisError


@given(st.lists(st.integers(2, 5), min_size=1, max_size=5), st.floats(0, 26))
def test_the_rank_sum_is_that_of_all_combinations(orders, total):
    sums = [sum(ranks) for ranks in itertools.product(*(range(1, size + 1) for size in orders))]
    expected = sum(one <= math.ceil(total - 1e-9) for one in sums) / len(sums)
    assert rank_sum_tail(total, orders) == pytest.approx(expected, abs=1e-12)


def test_small_tails_keep_their_digits():
    assert rank_sum_tail(40, [24] * 40) == pytest.approx(24.0**-40, rel=1e-9)
    assert rank_sum_tail(41, [24] * 40) == pytest.approx(41 * 24.0**-40, rel=1e-9)


def test_many_items_are_normal():
    exact, normal = rank_sum_tail(2400, [24] * 200), rank_sum_tail(2400 + 12, [24] * 201)
    assert exact == pytest.approx(normal, abs=0.02)
    assert rank_sum_tail(12.5 * 1000, [24] * 1000) == pytest.approx(0.5, abs=0.01)


def test_equal_log_likelihoods_share_ranks():
    result = order_canary([[-1.0, -1.0, -1.0], [-2.0, -3.0, -2.0]])
    assert result.ranks == (2.0, 1.5)
    assert (result.first_places, result.z_items[0]) == (0, None)
    assert result.p_rank_sum == pytest.approx(6 / 9)  # 3.5 counts as 4


def test_items_with_different_numbers_of_orders():
    result = order_canary([[0.0, -1.0], [0.0, -1.0, -2.0], [-5.0] + [0.0] * 23])
    assert result.ranks == (1, 1, 24)
    assert result.first_expected == pytest.approx((1 / 2 + 1 / 3 + 1 / 24) / 3)
    assert result.p_corrected == (min(1, 2 * result.p_rank_sum), 2 * result.p_first) or max(result.p_corrected) <= 1


def canary(source, n, memory, strength):
    rows = []
    for i in range(n):
        row = [source.gauss(0, 1) for _ in range(24)]
        if i < memory * n:
            row[0] += strength
        rows.append(row)
    return order_canary(rows)


def test_memory_is_found_and_its_absence_left_alone():
    source = random.Random(2)
    found, weak = canary(source, 200, 0.3, 2.0), canary(source, 200, 1.0, 0.4)
    assert max(found.p_corrected) < 0.001
    assert weak.p_rank_sum < weak.p_first
    silent = [canary(source, 30, 0, 0) for _ in range(100)]
    assert sum(one.p_rank_sum < 0.05 for one in silent) <= 13
    assert sum(min(one.p_corrected) < 0.05 for one in silent) <= 13


def test_one_sided():
    values = [0.3, -0.1, 0.4, 0.2, 0.0]
    result = one_sided_test(values)
    theirs = scipy.stats.ttest_1samp(values, 0, alternative="greater")
    assert (result.t, result.p) == (pytest.approx(float(theirs.statistic)), pytest.approx(float(theirs.pvalue)))
    assert one_sided_test([0.3]).reason == "one value: how it varies is unknown"
    assert one_sided_test([0.3, 0.3]).p is None


def test_a_reference_model():
    result = against_reference([1, 2, 1, 3], [12, 9, 14, 11])
    assert result.mean == pytest.approx(9.75)
    assert result.p < 0.01


def test_shards_and_completion():
    flat = sharded_order([[-1.0, -1.0], [-2.0, -2.0]])
    assert (flat.test.t, flat.test.p) == (None, None)
    result = completion([-4.0, -9.0], [2, 3], [True, False])
    assert (result.per_token, result.greedy_share, result.n) == (-2.5, 0.5, 2)


def test_no_drop():
    result = order_drop(0, 0, 10)
    assert (result.drop, result.p) == (0, 1)
    assert order_drop(2, 8, 10).p > 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: order_canary([]), "There are no items"),
        (lambda: order_canary([[0.0]]), "Item 0 has 1 orders"),
        (lambda: order_canary([[0.0, math.nan]]), "log-likelihood of item 0 at position 1 is nan"),
        (lambda: order_drop(8, 8, 10), "cannot be"),
        (lambda: sharded_order([[1.0]]), "no shuffled order"),
        (lambda: sharded_order([]), "There are no values"),
        (lambda: completion([-1.0], [0], [True]), "without tokens"),
        (lambda: completion([], [], []), "There are no items"),
        (lambda: completion([-1.0], [1, 2], [True]), "1 and 2"),
        (lambda: against_reference([1], []), "1 and 0"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
