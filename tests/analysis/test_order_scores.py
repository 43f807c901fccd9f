"""Scores over orders: what a model that goes by content, by position, or by chance shows."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.draws import source_of
from proctor.analysis.order_positions import order_positions
from proctor.analysis.order_scores import OrderedItem, equal_contents, item_orders, order_scores
from proctor.analysis.orders import all_orders, cyclic_orders, sampled_orders
from proctor.errors import AnalysisError


def by_content(scores, golds, orders, **more):
    return OrderedItem(tuple(orders), tuple(tuple(scores[o] for o in order) for order in orders), golds, **more)


def by_position(scores, golds, orders):
    return OrderedItem(tuple(orders), tuple(tuple(scores) for _ in orders), golds)


@st.composite
def exams(draw):
    items = []
    for _ in range(draw(st.integers(1, 8))):
        options = draw(st.integers(2, 4))
        orders = draw(st.sampled_from([cyclic_orders(options), all_orders(options), cyclic_orders(options)[:1]]))
        lls = tuple(
            tuple(draw(st.lists(st.sampled_from([-1.0, -2.0, -3.0, math.nan]), min_size=options, max_size=options)))
            for _ in orders
        )
        items.append(OrderedItem(tuple(orders), lls, (draw(st.integers(0, options - 1)),)))
    return items


@given(exams())
def test_worst_is_below_mean_and_mean_below_any(items):
    scores = order_scores(items)
    several = [item for item in items if len(item.orders) > 1]
    assert scores.mean.n == len(items)
    assert scores.worst.n == scores.any.n == len(several)
    if several:
        mean = order_scores(several).mean.value
        assert scores.worst.value <= mean + 1e-12
        assert mean <= scores.any.value + 1e-12
        assert scores.gap.value == pytest.approx(scores.any.value - scores.worst.value)
        assert list(scores.at_least) == sorted(scores.at_least, reverse=True)
        assert scores.at_least[0] == scores.any.value
    else:
        assert (scores.worst.value, scores.effect.value, scores.at_least) == (None, None, ())


@given(
    st.lists(st.tuples(st.permutations([-1.0, -2.0, -3.0, -4.0]), st.integers(0, 3)), min_size=2, max_size=12),
    st.sampled_from(["cyclic", "sampled", "all"]),
)
def test_a_model_that_goes_by_content(rows, mode):
    orders = {"cyclic": cyclic_orders(4), "sampled": sampled_orders(4, 8, source_of(0)), "all": all_orders(4)}[mode]
    items = [by_content(scores, (gold,), orders) for scores, gold in rows]
    scores, positions = order_scores(items), order_positions(items, source=source_of(0))
    canonical = scores.canonical.value
    for one in (scores.mean, scores.worst, scores.any, scores.majority, scores.average):
        assert one.value == pytest.approx(canonical)
    assert (scores.consistency.value, scores.consistent.value) == (1, 1)
    assert (scores.effect.value, scores.gap.value) == (0, 0)
    assert positions.share == pytest.approx((0.25,) * 4)
    assert (positions.test.statistic, positions.test.p) == (0, 1)


def test_a_model_that_goes_by_position():
    items = [by_position([-1.0, -2.0, -3.0], (gold,), cyclic_orders(3)) for gold in (0, 1, 2, 2)]
    scores, positions = order_scores(items), order_positions(items, source=source_of(0))
    assert (scores.mean.value, scores.worst.value, scores.any.value) == (pytest.approx(1 / 3), 0, 1)
    assert scores.consistency.value == 0
    assert positions.share == (1, 0, 0)
    assert positions.test.p is None
    assert "same way" in positions.test.reason
    assert positions.recall == (1, 0, 0)


def test_memory_of_the_published_order_is_an_effect():
    """Right in the canonical order, wrong in the others."""
    orders = cyclic_orders(4)
    items = []
    for gold in (0, 1, 2, 3):
        rows = [[-2.0] * 4 for _ in orders]
        rows[0][gold] = -1.0
        for order, row in zip(orders[1:], rows[1:], strict=True):
            row[order.index((gold + 1) % 4)] = -1.0
        items.append(OrderedItem(tuple(orders), tuple(map(tuple, rows)), (gold,)))
    scores = order_scores(items)
    assert (scores.canonical.value, scores.effect.value, scores.effect.stderr) == (1, 1, 0)
    assert scores.consistency.value == 0.5


@given(exams())
def test_the_majority_of_one_order_is_the_canonical_score(items):
    singles = [OrderedItem(item.orders[:1], item.lls[:1], item.golds) for item in items]
    for item in singles:
        read = item_orders(item)
        if read.ties == 0:
            assert read.majority == read.right[0] == read.average


def test_nan_is_never_right_and_left_out_of_consistency():
    orders = cyclic_orders(2)
    item = OrderedItem(tuple(orders), ((-1.0, -2.0), (math.nan, -1.0)), (0,))
    read, scores = item_orders(item), order_scores([item])
    assert (read.chosen, read.right, read.consistency) == ((0, None), (1.0, 0.0), None)
    assert (scores.nan_orders, scores.consistency.value, scores.mean.value) == (1, None, 0.5)
    assert scores.average.value == 1
    silent = order_scores([OrderedItem(tuple(orders), ((math.nan, 0.0), (math.nan, 0.0)), (0,))])
    assert (silent.average.value, silent.majority.value, silent.nan_orders) == (0, 0, 2)


def test_ties_are_counted_and_go_to_the_first_position():
    scores = order_scores([by_position([-1.0, -1.0, -2.0], (0,), cyclic_orders(3))])
    assert (scores.ties, scores.orders) == (3, 3)
    assert scores.canonical.value == 1


def test_equal_options_are_one_content():
    options = ["cat", "dog", "cat "]
    contents = equal_contents(options)
    assert contents == (0, 1, 0)
    orders = cyclic_orders(3)
    lls = tuple(
        tuple(-1.0 if p == (0 if r == 0 else order.index(2)) else -2.0 for p in range(3))
        for r, order in enumerate(orders)
    )
    item = OrderedItem(tuple(orders), lls, (2,), contents)
    read = item_orders(item)
    assert read.chosen == (0, 0, 0)
    assert read.right == (1, 1, 1)
    assert read.consistency == 1
    assert set(read.probability) == {0, 1}


def test_several_golds_move_together():
    item = by_content([-1.0, -2.0, -3.0, -4.0], (0, 3), cyclic_orders(4))
    assert item_orders(item).right == (1, 1, 1, 1)


def test_a_tie_of_the_majority_counts_its_share():
    orders = cyclic_orders(2)
    item = OrderedItem(tuple(orders), ((-1.0, -2.0), (-1.0, -2.0)), (1,))
    assert item_orders(item).majority == 0.5


def test_clusters_of_items_widen_the_error():
    items = [by_content([-1.0, -2.0], (i // 6 % 2,), cyclic_orders(2), cluster=i // 6) for i in range(24)]
    clustered = order_scores(items).mean.stderr
    plain = order_scores([by_content([-1.0, -2.0], (i // 6 % 2,), cyclic_orders(2)) for i in range(24)]).mean.stderr
    assert clustered == pytest.approx(math.sqrt(4 / 3 * 4 * 9) / 24)
    assert clustered > 2 * plain
    mixed = [*items[:12], *(by_content([-1.0, -2.0], (0,), cyclic_orders(2)) for _ in range(3))]
    assert order_scores(mixed).mean.n == 15


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (OrderedItem((), (), (0,)), "There are no orders"),
        (OrderedItem(((0, 1),), (), (0,)), "1 and 0 orders"),
        (OrderedItem(((1, 0),), ((0.0, 0.0),), (0,)), "canonical"),
        (OrderedItem(((0, 1), (0, 0)), ((0.0, 0.0), (0.0, 0.0)), (0,)), "names each of them once"),
        (OrderedItem(((0, 1), (1, 0)), ((0.0, 0.0), (0.0,)), (0,)), "a log-likelihood"),
        (OrderedItem(((0, 1),), ((0.0, 0.0),), (2,)), "none of 2 options"),
        (OrderedItem(((0, 1),), ((0.0, 0.0),), ()), "none of 2 options"),
        (OrderedItem(((0, 1),), ((0.0, 0.0),), (0,), (0,)), "a content"),
    ],
)
def test_an_unusable_item_is_a_sentence(item, message):
    with pytest.raises(AnalysisError, match=message):
        item_orders(item)


def test_no_items():
    with pytest.raises(AnalysisError, match="There are no items"):
        order_scores([])


@pytest.mark.slow
def test_the_effect_of_noise_is_0():
    source, beyond = random.Random(3), 0
    for _ in range(200):
        items = []
        for _ in range(40):
            lls = tuple(tuple(source.gauss(0, 1) for _ in range(4)) for _ in range(4))
            items.append(OrderedItem(tuple(cyclic_orders(4)), lls, (source.randrange(4),)))
        effect = order_scores(items).effect
        beyond += abs(effect.value) > 2 * effect.stderr
    assert beyond / 200 < 0.1
