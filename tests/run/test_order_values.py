"""What stays of documents that are shown in several orders: the values of each option in each order."""

from __future__ import annotations

import math

import pytest

from proctor.records import ItemChoices, Record
from proctor.run.order_values import OrderValues

ITEM = ItemChoices(("red", "blue"), (1,), "free")


def record(doc_id, order, filtered, **more):
    fields = {"item": ITEM, "arguments": (("c", " A"), ("c", " B")), "filter": "none", **more}
    arguments, name = fields.pop("arguments"), fields.pop("filter")
    return Record("quiz", doc_id, {}, 1, arguments, (), filtered, name, {}, order=order, **fields)


def scored(*lls):
    return tuple((ll, False) for ll in lls)


def values(*records):
    found = OrderValues()
    for one in records:
        found.add(one)
    return found


def test_the_orders_of_a_document_stand_together():
    found = values(
        record(0, (0, 1), scored(-1.0, -2.0)),
        record(3, (0, 1), scored(-5.0, -6.0)),
        record(0, (1, 0), scored(-3.0, -4.0)),
    )
    items, kinds = found.items("none")
    assert [(item.orders, item.lls) for item in items] == [
        (((0, 1), (1, 0)), ((-1.0, -2.0), (-3.0, -4.0))),
        (((0, 1),), ((-5.0, -6.0),)),
    ]
    assert (kinds, list(found.filters), found.left_out("none")) == (["free", "free"], ["none"], 0)


def test_a_document_that_is_shown_once_is_passed_over():
    assert not values(record(0, (), scored(-1.0), item=None))
    assert values(record(0, (0, 1), scored(-1.0, -2.0)))


@pytest.mark.parametrize(
    "bad",
    [
        record(0, (1, 0), scored(-1.0, -2.0), error="ValueError: no"),
        record(0, (1, 0), scored(-1.0)),
        record(0, (1, 0), ("a text", "another")),
        record(0, (1, 0), ((), ())),
    ],
    ids=["error", "too few", "texts", "empty"],
)
def test_a_document_without_one_of_its_orders_is_left_out_and_counted(bad):
    found = values(record(0, (0, 1), scored(-1.0, -2.0)), bad, record(1, (0, 1), scored(-1.0, -2.0)))
    items, _ = found.items("none")
    assert len(items) == 1
    assert found.left_out("none") == 1


def test_without_the_own_order_or_without_a_gold_there_is_no_score():
    nothing_right = ItemChoices(("red", "blue"), (), "free")
    found = values(record(0, (1, 0), scored(-1.0, -2.0)), record(1, (0, 1), scored(-1.0, -2.0), item=nothing_right))
    assert found.items("none") == ([], [])
    assert found.left_out("none") == 2


def chosen(picked, logprobs=None):
    return (picked, "single", "text", "A", None, logprobs)


@pytest.mark.parametrize(
    ("value", "lls"),
    [
        (chosen(1), (-math.inf, 0.0)),
        (chosen(None), (math.nan, math.nan)),
        (chosen(0, [-0.5, -1.5]), (-0.5, -1.5)),
        (chosen(0, [-0.5]), (0.0, -math.inf)),
    ],
)
def test_a_choice_by_label_is_0_for_the_option_that_was_chosen(value, lls):
    found = values(record(0, (0, 1), (value,), arguments=(("prompt", {"choose": 2}),)))
    [item], _ = found.items("none")
    assert item.lls[0] == pytest.approx(lls, nan_ok=True)


def test_each_filter_has_its_own():
    found = values(record(0, (0, 1), scored(-1.0, -2.0)), record(0, (0, 1), ("x", "y"), filter="texts"))
    assert list(found.filters) == ["none", "texts"]
    assert (found.left_out("none"), found.left_out("texts")) == (0, 1)
