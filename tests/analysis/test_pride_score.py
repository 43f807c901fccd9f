"""Accuracy without the preference for positions."""

from __future__ import annotations

import random

import pytest

from proctor.analysis.order_scores import OrderedItem
from proctor.analysis.orders import all_orders, cyclic_orders
from proctor.analysis.pride_score import pride_score

BIAS = (3.0, 0.0, 0.0, 0.0)


def item(gold, *, knows=1.0, bias=BIAS, orders=None):
    """An item of a model that knows the right content by ``knows`` nats and likes positions by ``bias``."""
    orders = tuple(orders or cyclic_orders(4))
    lls = [tuple(bias[place] + (knows if order[place] == gold else 0.0) - 5 for place in range(4)) for order in orders]
    return OrderedItem(orders, tuple(lls), (gold,))


def source():
    return random.Random(1)


def test_a_model_that_knows_less_than_it_likes_a_is_right_once_that_is_taken_away():
    items = [item(number % 4) for number in range(200)]
    found = pride_score(items, source())
    assert found is not None
    assert (found.value, found.n) == (1.0, 200)
    assert max(found.priors[4]) == found.priors[4][0] > 0.7
    assert sum(found.priors[4]) == pytest.approx(1)


def test_the_rotations_are_found_among_all_orders():
    items = [item(number % 4, orders=all_orders(4)) for number in range(40)]
    cyclic = [item(number % 4) for number in range(40)]
    assert pride_score(items, source()).priors == pride_score(cyclic, source()).priors


def test_a_model_without_a_preference_keeps_its_choices():
    items = [item(number % 4, bias=(0, 0, 0, 0), knows=1.0 if number % 2 else -1.0) for number in range(100)]
    found = pride_score(items, source())
    assert found is not None
    assert found.priors[4] == pytest.approx([0.25] * 4)
    assert found.value == 0.5


@pytest.mark.parametrize("count", [0, 1, 29])
def test_too_few_items_have_no_prior(count):
    assert pride_score([item(0)] * count, source()) is None


def test_items_with_nan_or_without_all_rotations_do_not_estimate():
    nan = float("nan")
    broken = [OrderedItem(tuple(cyclic_orders(4)), ((nan,) * 4,) * 4, (0,))] * 40
    assert pride_score(broken, source()) is None
    fixed = [item(0, orders=[(0, 1, 2, 3)])] * 40
    assert pride_score(fixed, source()) is None
    both = pride_score([*[item(number % 4) for number in range(40)], *fixed], source())
    assert both is not None
    assert both.n == 80
