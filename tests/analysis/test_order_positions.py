"""The test of position bias over orders: right under no bias whatever the model knows, and blind to where golds are."""

from __future__ import annotations

import math
import random

import pytest

from proctor.analysis.draws import source_of
from proctor.analysis.order_positions import hotelling_p, order_positions, position_wald
from proctor.analysis.order_scores import OrderedItem, item_orders, order_scores
from proctor.analysis.orders import cyclic_orders
from proctor.errors import AnalysisError


def exam(source, n, bias, knowledge, options=4):
    """Items whose answers follow content with noise; golds stand mostly at the last position."""
    items, orders = [], tuple(cyclic_orders(options))
    for _ in range(n):
        gold = source.choice([options - 1, options - 1, source.randrange(options)])
        content = [source.gauss(0, 1) + knowledge * (o == gold) for o in range(options)]
        lls = tuple(
            tuple(content[o] + source.gauss(0, 0.7) + bias * (p == 0) for p, o in enumerate(order)) for order in orders
        )
        items.append(OrderedItem(orders, lls, (gold,)))
    return items


def test_a_preference_for_the_first_position_is_found():
    result = order_positions(exam(random.Random(1), 150, 0.8, 1.0), source=source_of(0))
    assert result.share[0] > 0.3
    assert result.test.p < 1e-6
    assert result.recall[0] > result.recall[1]
    assert 0 < result.rstd_stderr < result.rstd.value
    assert (result.options, result.items) == (4, 150)


def test_only_the_commonest_number_of_options_counts():
    source = random.Random(2)
    items = exam(source, 20, 0, 1) + exam(source, 8, 0, 1, options=5)
    items.append(OrderedItem(((0, 1, 2, 3),), ((0.0, 1.0, 0.0, 0.0),), (1,)))
    result = order_positions(items, source=source_of(0))
    assert (result.options, result.items) == (4, 20)
    assert sum(result.share) == pytest.approx(1)


def test_nothing_to_look_at():
    assert order_positions([], source=source_of(0)) is None
    single = OrderedItem(((0, 1),), ((0.0, 1.0),), (1,))
    assert order_positions([single], source=source_of(0)) is None
    silent = OrderedItem(tuple(cyclic_orders(2)), ((math.nan, 0.0), (math.nan, 0.0)), (1,))
    assert order_positions([silent], source=source_of(0)) is None


def test_choices_that_are_known_are_not_read_again():
    items = exam(random.Random(3), 12, 0.5, 1.0)
    read = [item_orders(item) for item in items]
    assert order_positions(items, read, source=source_of(0)) == order_positions(items, source=source_of(0))
    assert order_scores(items, read) == order_scores(items)
    with pytest.raises(AnalysisError, match="12 and 1 items"):
        order_positions(items, read[:1], source=source_of(0))
    with pytest.raises(AnalysisError, match="12 and 1 items"):
        order_scores(items, read[:1])


def test_bad_shares_are_sentences():
    with pytest.raises(AnalysisError, match="There are no items"):
        position_wald([])
    with pytest.raises(AnalysisError, match="same number of options"):
        position_wald([[0.5, 0.5], [1.0]])


@pytest.mark.slow
@pytest.mark.parametrize("knowledge", [0.0, 2.0])
def test_without_bias_5_percent_are_found(knowledge):
    source, small = random.Random(9), 0
    for _ in range(400):
        shares = []
        for item in exam(source, 80, 0, knowledge):
            chosen = [max(range(4), key=lls.__getitem__) for lls in item.lls]
            shares.append([chosen.count(p) / 4 for p in range(4)])
        small += position_wald(shares).p < 0.05
    assert 0.02 < small / 400 < 0.09


def unbiased(source, n, options=4):
    """The shares of chosen positions of items whose choices know no position: half by content, half by chance."""
    shares = []
    for _ in range(n):
        content, chosen = source.randrange(options), [0.0] * options
        for turn in range(options):
            position = (content - turn) % options if source.random() < 0.5 else source.randrange(options)
            chosen[position] += 1 / options
        shares.append(chosen)
    return shares


@pytest.mark.slow
@pytest.mark.parametrize("n", [8, 12, 20, 40])
def test_without_a_preference_few_items_show_none(n):
    source = random.Random(n)
    draws = [unbiased(source, n) for _ in range(1000)]
    found = [hotelling_p(shares) for shares in draws]
    assert sum(p is not None and p <= 0.05 for p in found) / len(draws) < 0.085
    large = sum((position_wald(shares).p or 1) <= 0.05 for shares in draws) / len(draws)
    # Why chi-square is not taken.
    assert large > (0.15 if n < 20 else 0.065)


def test_few_items_are_less_sure_and_many_are_as_sure():
    shares = unbiased(random.Random(4), 12)
    assert hotelling_p(shares) > position_wald(shares).p
    many = unbiased(random.Random(5), 4000)
    assert hotelling_p(many) == pytest.approx(position_wald(many).p, abs=0.002)
    alike = [[0.5, 0.5, 0.0, 0.0]] * 3
    assert (hotelling_p(alike), position_wald(alike).p) == (None, None)
    assert hotelling_p([[0.25] * 4] * 3) == 1


def test_hotelling_is_scipys_f():
    stats = pytest.importorskip("scipy.stats")
    shares = unbiased(random.Random(7), 25)
    statistic = position_wald(shares).statistic
    assert hotelling_p(shares) == pytest.approx(stats.f.sf(statistic * 22 / (3 * 24), 3, 22), rel=1e-9)
