"""Batch sizes, budgets, counters of warnings: what every kind of model is made of."""

from __future__ import annotations

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.models.base import BatchSize, Budget, WarningCounter, by_kind, given, parse_batch_size
from proctor.types import Generate, Loglikelihood, Rolling


@pytest.mark.parametrize(
    ("value", "maximum", "expected"),
    [
        (8, None, BatchSize(8)),
        ("8", 64, BatchSize(8)),
        (None, None, BatchSize(1)),
        ("auto", None, BatchSize(None, auto=True)),
        ("auto:4", 64, BatchSize(64, auto=True, points=4)),
        ("auto:2.0", None, BatchSize(None, auto=True, points=2)),
    ],
)
def test_batch_sizes(value, maximum, expected):
    assert parse_batch_size(value, maximum) == expected


@pytest.mark.parametrize("value", [0, -1, "0", "many", "auto:", "auto:0", "auto:x", "1.5", True, ""])
def test_a_batch_size_that_makes_no_sense(value):
    with pytest.raises(UsageError, match="batch size"):
        parse_batch_size(value)


@pytest.mark.parametrize("maximum", [0, -3, "8", True])
def test_a_maximum_that_makes_no_sense(maximum):
    with pytest.raises(UsageError, match="max_batch_size"):
        parse_batch_size("auto", maximum)


@pytest.mark.parametrize(
    ("inside", "keyword", "expected"), [(None, 1, 1), (None, 4, 4), (8, 1, 8), (8, None, 8), (8, 4, 4)]
)
def test_model_args_win_over_a_default_and_lose_against_a_choice(inside, keyword, expected):
    args = {} if inside is None else {"batch_size": inside}
    assert given(args, "batch_size", keyword, 1) == expected


@forall(
    widths=st.lists(st.integers(1, 50), min_size=1, max_size=40),
    tokens=st.integers(1, 200),
    heads=st.integers(1, 30),
    rows=st.none() | st.integers(1, 9),
)
def test_a_budget_is_kept_and_every_item_gets_its_turn(widths, tokens, heads, rows):
    widths.sort(reverse=True)
    needs, budget, start = [1] * len(widths), Budget(tokens=tokens, heads=heads, rows=rows), 0
    while start < len(widths):
        stop = budget.stop(widths, needs, start)
        size = stop - start
        assert size >= 1
        assert size == 1 or (size * widths[start] <= tokens and size <= heads and (rows is None or size <= rows))
        start = stop
    assert start == len(widths)


def test_a_halved_budget_lets_half_the_batch_through():
    budget = Budget(tokens=1000, heads=1000, rows=8)
    assert budget.halved(8, 10, 8).stop([10] * 8, [1] * 8, 0) == 4


def test_a_counter_counts_all_and_warns_once(caplog):
    counter = WarningCounter()
    counter.note("cut", "Something was cut.")
    counter.note("cut", "Something was cut.", 2)
    assert dict(counter.counts) == {"cut": 3}
    assert [record.message for record in caplog.records] == ["Something was cut."]


def test_requests_are_sorted_into_their_kinds():
    requests = [Rolling("a"), Loglikelihood("b", ("c",)), Generate("d", {}), Rolling("e")]
    scored, rolled, generated = by_kind(requests)
    assert [index for index, _ in scored] == [1]
    assert [index for index, _ in rolled] == [0, 3]
    assert [index for index, _ in generated] == [2]
