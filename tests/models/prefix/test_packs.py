"""What lies in a pass: tokens, positions, who sees whom."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from tiny_plans import exams, limits, visible

from proctor.models.prefix.packs import Edge, LogitRange, Pack, Plan, flatten, places, reach
from proctor.models.prefix.plan import make_plan

TWO_BRANCHES = Pack(
    past=2,
    keep=2,
    edges=(Edge(0, 2, 2, 0, -1), Edge(0, 4, 1, 2, 0), Edge(1, 4, 2, 3, 0)),
    needs=(LogitRange(0, 4, 5, 2), LogitRange(1, 5, 6, 4)),
    done=(0, 1),
    documents=1,
)
"""On two cached tokens: two tokens that both inputs have, then one of the first input and two of the second."""


def test_the_tokens_of_a_pass_and_their_positions():
    inputs = [np.array(ids, dtype=np.int32) for ids in ([5, 6, 7, 8, 9], [5, 6, 7, 8, 1, 2])]
    assert TWO_BRANCHES.tokens == 5
    assert places(TWO_BRANCHES).tolist() == [2, 3, 4, 4, 5]
    assert reach(TWO_BRANCHES).tolist() == [5, 5, 3, 5, 5]
    ids, positions = flatten(TWO_BRANCHES, inputs)
    assert ids.tolist() == [7, 8, 9, 1, 2]
    assert positions.tolist() == [2, 3, 4, 4, 5]


def test_a_plan_in_words():
    plan = Plan((TWO_BRANCHES, TWO_BRANCHES), nodes=7, flat=2000)
    assert (plan.tokens, plan.peak) == (10, 7)
    assert str(plan) == (
        "2,000 tokens in 2 passes of 10 tokens: 200.0 times fewer. 7 distinct prefixes; the cache holds up to 7 tokens."
    )
    assert (Plan((), 0, 0).tokens, Plan((), 0, 0).peak) == (0, 0)


@given(exams(), limits())
def test_reach_says_who_sees_whom(exam, limit):
    for pack in make_plan(*exam, limit).packs:
        at = np.arange(pack.tokens)
        own = (at[None, :] <= at[:, None]) & (at[:, None] < reach(pack)[None, :])
        assert (own == visible(pack)[:, pack.past :]).all()
