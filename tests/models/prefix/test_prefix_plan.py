"""The planner's laws: every needed logit exactly once, every distinct prefix forwarded once, limits kept."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tiny_plans import distinct_prefixes, exams, limits, visible

from proctor.models.prefix.packs import Limits, Plan, flatten
from proctor.models.prefix.plan import make_plan


def replay(plan: Plan, inputs):
    """Run the plan on paper: which prefix each forwarded token stands for, and what is asked of whom."""
    cache: list[tuple[int, ...]] = []
    asked: dict[tuple[int, int], int] = {}
    forwarded: list[tuple[int, ...]] = []
    finished: list[int] = []
    for pack in plan.packs:
        assert pack.past <= len(cache)
        cache = cache[: pack.past]
        ids, positions = flatten(pack, inputs)
        mask = visible(pack)
        assert mask.shape == (len(ids), pack.past + len(ids))
        prefixes = []
        for row in range(len(ids)):
            seen = list(np.flatnonzero(mask[row]))
            tokens = tuple(cache[p][-1] if p < pack.past else int(ids[p - pack.past]) for p in seen)
            assert len(tokens) == positions[row] + 1, "a token sees as many tokens as its position says"
            assert seen[-1] == pack.past + row, "and itself last"
            prefixes.append(tokens)
        forwarded.extend(prefixes)
        for need in pack.needs:
            for position in range(need.first, need.stop):
                row = need.start + position - need.first
                assert prefixes[row] == tuple(inputs[need.input][: position + 1])
                asked[need.input, position] = asked.get((need.input, position), 0) + 1
        finished.extend(pack.done)
        cache = cache + prefixes[: pack.keep - pack.past]
    return forwarded, asked, finished


@given(exams(), limits())
def test_every_needed_logit_exactly_once_and_every_prefix_once(exam, limit):
    inputs, counts = exam
    plan = make_plan(inputs, counts, limit)
    forwarded, asked, finished = replay(plan, inputs)
    wanted = {(i, p) for i, tokens in enumerate(inputs) for p in range(len(tokens) - counts[i], len(tokens))}
    assert set(asked) == wanted
    assert set(asked.values()) == {1}
    assert sorted(finished) == list(range(len(inputs)))
    assert len(forwarded) == len(set(forwarded)) == plan.nodes == plan.tokens == distinct_prefixes(inputs)


@given(exams(), limits())
def test_limits_are_kept(exam, limit):
    inputs, counts = exam
    for pack in make_plan(inputs, counts, limit).packs:
        assert limit.documents is None or pack.documents <= limit.documents
        assert pack.tokens <= max(limit.tokens, limit.longest)


@given(exams(), limits(), st.integers(1, 4))
def test_groups_share_nothing_with_each_other_and_use_no_cache(exam, limit, count):
    inputs, counts = exam
    groups = [number % count for number in range(len(inputs))]
    plan = make_plan(inputs, counts, limit, groups=groups)
    forwarded, asked, finished = replay(plan, inputs)
    assert all(pack.past == pack.keep == 0 for pack in plan.packs)
    assert sorted(finished) == list(range(len(inputs)))
    assert len(asked) == sum(counts)
    per_group = [distinct_prefixes([inputs[i] for i in range(len(inputs)) if groups[i] == g]) for g in set(groups)]
    assert len(forwarded) == plan.nodes == sum(per_group)


@given(exams())
def test_the_order_of_inputs_changes_nothing(exam):
    inputs, counts = exam
    plan = make_plan(inputs, counts, Limits(16))
    turned = make_plan(inputs[::-1], counts[::-1], Limits(16))
    assert [pack.tokens for pack in plan.packs] == [pack.tokens for pack in turned.packs]


def test_a_subject_of_an_exam():
    shots = list(range(100, 160))
    inputs = [np.array([*shots, *range(question, question + 10)], dtype=np.int32) for question in range(0, 60, 10)]
    plan = make_plan(inputs, [1] * 6, Limits(30))
    assert [(pack.past, pack.keep, pack.tokens) for pack in plan.packs] == [(0, 60, 60), (60, 60, 30), (60, 60, 30)]
    assert str(plan).startswith("420 tokens in 3 passes of 120 tokens: 3.5 times fewer.")
    assert plan.peak == 90


def test_deep_tries_do_not_exhaust_the_stack():
    inputs = [np.arange(n, dtype=np.int32) for n in range(1, 3000)]
    plan = make_plan(inputs, [1] * len(inputs), Limits(64))
    assert plan.tokens == plan.nodes == 2999
