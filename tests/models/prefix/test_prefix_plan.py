"""The planner's laws: every needed logit exactly once, every distinct prefix forwarded once, limits kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.models.prefix.packs import Limits, Pack, Plan, flatten, places, reach
from proctor.models.prefix.plan import make_plan


@st.composite
def exams(draw):
    """Inputs as branching texts over a tiny alphabet, so that they share a lot, and what each needs."""
    stems = draw(st.lists(st.lists(st.integers(0, 2), max_size=12), min_size=1, max_size=4))
    tails = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.lists(st.integers(0, 3), min_size=1, max_size=8)), min_size=1, max_size=20
        )
    )
    inputs = [np.array([*stems[stem % len(stems)], *tail], dtype=np.int32) for stem, tail in tails]
    counts = [draw(st.integers(1, len(tokens))) for tokens in inputs]
    return inputs, counts


@st.composite
def limits(draw):
    tokens = draw(st.integers(1, 40))
    return Limits(tokens, draw(st.none() | st.integers(1, 5)), draw(st.integers(1, 30)))


def visible(pack: Pack, window: int | None = None):
    """Who sees whom, by the edges' parents: shape (tokens, past + tokens)."""
    mask = np.zeros((pack.tokens, pack.past + pack.tokens), dtype=bool)
    mask[:, : pack.past] = True
    for edge in pack.edges:
        stop = edge.start + edge.length
        mask[edge.start : stop, pack.past + edge.start : pack.past + stop] = np.tri(edge.length, dtype=bool)
        above = edge.parent
        while above >= 0:
            start = pack.past + pack.edges[above].start
            mask[edge.start : stop, start : start + pack.edges[above].length] = True
            above = pack.edges[above].parent
    if window is not None:
        keys = np.concatenate([np.arange(pack.past), places(pack)])
        mask &= keys[None, :] > places(pack)[:, None] - window
    return mask


def distinct_prefixes(inputs):
    return len({tuple(tokens[: stop + 1]) for tokens in inputs for stop in range(len(tokens))})


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
def test_reach_says_who_sees_whom(exam, limit):
    for pack in make_plan(*exam, limit).packs:
        at = np.arange(pack.tokens)
        own = (at[None, :] <= at[:, None]) & (at[:, None] < reach(pack)[None, :])
        assert (own == visible(pack)[:, pack.past :]).all()


@given(exams(), limits(), st.none() | st.integers(1, 12))
def test_the_executors_mask_is_the_plans(exam, limit, window):
    torch = pytest.importorskip("torch")
    from proctor.models.hf.scoring.tree_mask import mask_of

    for pack in make_plan(*exam, limit).packs:
        mask = mask_of(pack, window, torch.device("cpu"), torch.float32)
        assert mask.shape == (1, 1, pack.tokens, pack.past + pack.tokens)
        assert ((mask[0, 0] == 0).numpy() == visible(pack, window)).all()


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
