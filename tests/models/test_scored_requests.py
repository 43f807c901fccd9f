"""Scores of spans become responses of requests, in any order, each once."""

from __future__ import annotations

import random

import pytest

from proctor.models.prefix.rows import make_span
from proctor.models.scored_requests import RolledRequests, ScoredRequests
from proctor.types import Loglikelihood, Rolling, RollingScore, Scores

REQUESTS = [
    (7, Loglikelihood("q", (" A", " B"))),
    (3, Loglikelihood("q", (" yes",))),
    (9, Loglikelihood("q", ("",))),
    (1, Loglikelihood("q", ())),
]
WAITING = [0, 0, 1, 1]
SCORES = [(0, -1.0, True), (1, -2.0, False), (2, -3.0, True), (2, -4.0, True)]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_spans_gives_the_same_responses(seed):
    responses = ScoredRequests(REQUESTS, WAITING)
    found = list(responses.ready())
    order = list(SCORES)
    random.Random(seed).shuffle(order)
    for score in order:
        found += responses.add(*score)
    assert len(found) == 4
    assert dict(found) == {
        7: Scores(((-1.0, True), (-2.0, False))),
        3: Scores(((-7.0, True),)),
        9: Scores(((0.0, True),)),
        1: Scores(()),
    }


def test_tokens_are_those_of_all_spans_of_a_continuation():
    spans = [make_span(owner, [1], [2] * count) for owner, count in ((0, 1), (1, 2), (2, 3), (2, 4))]
    responses = ScoredRequests(REQUESTS, WAITING, spans=spans)
    found = dict([*responses.ready(), *(one for score in SCORES for one in responses.add(*score))])
    assert {index: response.tokens for index, response in found.items()} == {7: (1, 2), 3: (7,), 9: (0,), 1: ()}
    assert dict(ScoredRequests(REQUESTS, WAITING).ready())[9].tokens is None


def test_only_wanted_requests_are_answered():
    responses = ScoredRequests(REQUESTS, WAITING, frozenset({3}))
    assert responses.wanted == [False, False, True, False]
    found = [*responses.ready(), *(one for score in SCORES for one in responses.add(*score))]
    assert found == [(3, Scores(((-7.0, True),)))]


def test_windows_are_summed_in_the_order_of_the_text():
    values = [1e16, 1.0, -1e16]
    responses = RolledRequests([(5, Rolling("a b c")), (2, Rolling(""))], [0, 0, 0])
    assert list(responses.ready()) == [(2, RollingScore(0.0))]
    found = [one for window in (2, 0, 1) for one in responses.add(window, values[window])]
    assert found == [(5, RollingScore(sum(values)))]


def test_windows_of_unwanted_texts_are_left_out():
    responses = RolledRequests([(5, Rolling("a")), (2, Rolling("b"))], [0, 1], frozenset({2}))
    assert responses.wanted == [False, True]
    assert [*responses.add(0, -1.0), *responses.add(1, -2.0)] == [(2, RollingScore(-2.0))]
