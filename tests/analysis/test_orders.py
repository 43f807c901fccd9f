"""Orders of options: the canonical first, none twice, every option equally often at every position."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.draws import source_of
from proctor.analysis.option_kinds import ItemKind
from proctor.analysis.orders import (
    OrderMode,
    all_orders,
    choice_orders,
    cyclic_orders,
    distinct_lines,
    option_lines,
    order_mode,
    sampled_orders,
)
from proctor.errors import AnalysisError

FREE = ItemKind("free")


@st.composite
def items(draw):
    options = draw(st.integers(2, 6))
    pinned = draw(st.sets(st.integers(0, options - 1), max_size=options - 2))
    return options, tuple(sorted(pinned))


@given(items(), st.integers(1, 30), st.integers(0, 5))
def test_every_option_stands_at_every_free_position_equally_often(item, count, seed):
    options, pinned = item
    for orders in (
        cyclic_orders(options, pinned),
        sampled_orders(options, count, source_of(seed), pinned),
        all_orders(min(options, 5), [p for p in pinned if p < min(options, 5)]),
    ):
        size = len(orders[0])
        assert orders[0] == tuple(range(size))
        assert len(set(orders)) == len(orders)
        assert all(sorted(order) == list(range(size)) for order in orders)
        assert all(order[p] == p for order in orders for p in pinned if p < size)
        free = [p for p in range(size) if p not in pinned]
        for position in free:
            counts = Counter(order[position] for order in orders)
            assert set(counts.values()) == {len(orders) / len(free)}


@given(st.integers(2, 6), st.integers(1, 40))
def test_samples_are_whole_blocks_and_end_with_all_orders(options, count):
    orders = sampled_orders(options, count, source_of(1))
    assert len(orders) == min(math.ceil(count / options) * options, math.factorial(options))
    assert orders[:options] == cyclic_orders(options)


def test_an_item_has_its_own_orders():
    orders = [choice_orders(FREE, 4, OrderMode("sampled", 8), source_of(0, "mmlu", name)) for name in ("a", "b", "a")]
    assert orders[0] == orders[2] != orders[1]


def test_kinds_and_modes():
    cyclic, every, canonical = order_mode("cyclic"), order_mode("all"), order_mode("canonical")
    source = source_of(0)
    assert choice_orders(FREE, 3, canonical, source) == [(0, 1, 2)]
    assert choice_orders(ItemKind("fixed"), 3, every, source) == [(0, 1, 2)]
    assert choice_orders(FREE, 1, every, source) == [(0,)]
    assert choice_orders(ItemKind("sorted"), 3, every, source) == [(0, 1, 2), (2, 1, 0)]
    assert choice_orders(ItemKind("sorted"), 3, order_mode("sampled:9"), source) == [(0, 1, 2), (2, 1, 0)]
    assert len(choice_orders(FREE, 4, every, source)) == 24
    pinned = choice_orders(ItemKind("pinned", (0,)), 3, every, source)
    assert pinned == [(0, 1, 2), (0, 2, 1)]
    assert len(choice_orders(ItemKind("pinned", (3,)), 4, order_mode("sampled:4"), source)) == 6
    assert len(choice_orders(FREE, 30, cyclic, source)) == 30


def test_values_of_the_setting():
    assert order_mode("sampled:12") == OrderMode("sampled", 12)
    for text in ("sampled", "sampled:", "sampled:0", "sampled:-4", "sampled:x", "sampled:²", "cyclical", "", "all:3"):
        with pytest.raises(AnalysisError, match="sampled:M"):
            order_mode(text)


def test_all_orders_of_many_options_are_refused_with_a_hint():
    assert len(all_orders(5)) == 120
    with pytest.raises(AnalysisError, match="10 options that move have 3,628,800 orders") as caught:
        all_orders(10)
    assert "sampled:40" in caught.value.hint
    with pytest.raises(AnalysisError, match="without options"):
        choice_orders(FREE, 0, OrderMode("cyclic"), source_of(0))


@given(st.integers(1, 5))
def test_lines_that_are_computed_once(options):
    lines = option_lines(options)
    assert distinct_lines(cyclic_orders(options)) == lines.cyclic
    assert distinct_lines(all_orders(options)) == lines.all
    assert lines.all_without_sharing == options * len(all_orders(options))
