"""Filters that pick among responses. The cases are what lm-eval 0.4.13 gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.filters.pick import MajorityVote, TakeFirst, TakeFirstK

votes = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=7), max_size=5)


def run(filtering, resps):
    return list(filtering.apply(resps, [{}] * len(resps)))


def test_take_first_ends_the_lists():
    assert run(TakeFirst(), [["a", "b"], ["c"]]) == ["a", "c"]


def test_take_first_k():
    assert run(TakeFirstK(2), [["a", "b", "b"], ["c", "d", "e"]]) == [["a", "b"], ["c", "d"]]
    assert run(TakeFirstK(2), []) == []


def test_take_first_k_asks_for_enough_repeats():
    with pytest.raises(UsageError, match="take 3 responses of each request and finds 1") as caught:
        run(TakeFirstK(3), [["a"]])
    assert "repeats: 3" in str(caught.value)


@pytest.mark.parametrize("k", [0, -1, "2", True, 1.5])
def test_k_is_a_number_of_responses(k):
    with pytest.raises(UsageError, match="1 or more as k"):
        TakeFirstK(k)


@pytest.mark.parametrize(
    ("responses", "winner"), [(["a", "b", "b", "a", "c"], "a"), (["a", "b", "b"], "b"), (["c"], "c")]
)
def test_the_majority_wins_and_the_first_of_equals(responses, winner):
    assert run(MajorityVote(), [responses]) == [[winner]]


@given(votes)
def test_the_winner_has_the_most_votes(resps):
    for responses, (winner,) in zip(resps, run(MajorityVote(), resps), strict=True):
        assert responses.count(winner) == max(map(responses.count, responses))


@given(votes, st.integers(1, 3))
def test_picking_keeps_order_and_takes_from_the_front(resps, k):
    long = [[*responses, "x", "y"] for responses in resps]
    assert run(TakeFirst(), long) == [responses[0] for responses in long]
    assert run(TakeFirstK(k), long) == [responses[:k] for responses in long]
