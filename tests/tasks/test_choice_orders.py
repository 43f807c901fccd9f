"""The setting of orders as tasks take it."""

from __future__ import annotations

import pytest

from proctor.analysis.orders import OrderMode
from proctor.settings.choice_settings import kinds_kept
from proctor.tasks.choice_orders import KINDS, ChoiceOrders


def test_without_a_word_every_kind_that_may_keep_its_order_does():
    orders = ChoiceOrders(OrderMode("cyclic"))
    assert (orders.keep, orders.seed) == (frozenset(KINDS), 0)
    assert orders.keep == kinds_kept("auto")
    assert "free" not in KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_setting_names_each_kind(kind):
    assert ChoiceOrders(OrderMode("all"), kinds_kept(kind)).keep == {kind}
