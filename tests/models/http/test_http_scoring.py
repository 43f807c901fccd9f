"""Spans of one context in as few requests as can score them."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.models.http.completions import MOST_NAMED
from proctor.models.http.scoring import group_spans
from proctor.models.prefix.rows import Span


def span(owner, context, scored):
    return Span(owner, np.array(context), np.array(scored))


def test_spans_of_one_token_share_a_request_and_longer_ones_have_their_own():
    spans = [span(0, [1, 2], [7]), span(1, [1, 2], [8]), span(2, [1, 2], [7]), span(3, [1, 2], [7, 9])]
    groups = group_spans(spans, 100)
    assert [[one.owner for one in group.spans] for group in groups] == [[0, 1, 2], [3]]
    assert groups[0].ids == [7, 8]
    assert [group.is_one_token for group in groups] == [True, False]


def test_groups_that_begin_alike_stand_side_by_side():
    spans = [span(0, [5, 1], [1]), span(1, [2, 2], [1]), span(2, [5, 0], [1]), span(3, [2], [1, 4])]
    assert [group.context for group in group_spans(spans, 100)] == [(2,), (2, 2), (5, 0), (5, 1)]


@pytest.mark.parametrize(("scored", "context"), [([9], (3, 4)), ([8, 9], (4,)), ([6, 7, 8, 9], (4,))])
def test_a_context_is_truncated_from_the_left_and_keeps_a_token(scored, context):
    (group,) = group_spans([span(0, [1, 2, 3, 4], scored)], 3)
    assert group.context == context


def test_one_request_names_no_more_ids_than_a_server_takes():
    spans = [span(number, [1], [number]) for number in range(MOST_NAMED + 3)]
    assert [len(group.spans) for group in group_spans(spans, 100)] == [MOST_NAMED, 3]
    assert group_spans([], 100) == []
