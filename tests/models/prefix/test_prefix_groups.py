"""Groups of prompts: each prompt once, what a group shares is shared, and sharing never costs more."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from proctor.models.prefix.groups import CHANGE, LEAST_PREFIX, group_prompts


@st.composite
def prompt_lists(draw):
    """Prompts with and without common beginnings, some of them equal or the beginning of another."""
    chance = random.Random(draw(st.integers(0, 10_000)))
    stems = [[chance.randrange(5) for _ in range(chance.choice([0, 3, 40, 700]))] for _ in range(3)]
    prompts = []
    for _ in range(draw(st.integers(1, 12))):
        stem = chance.choice(stems)
        prompts.append(
            stem[: chance.choice([len(stem), 20])] + [chance.randrange(5) for _ in range(chance.randint(1, 9))]
        )
    return prompts


@given(prompt_lists())
def test_every_prompt_is_in_one_group_and_shares_its_prefix(prompts):
    groups = group_prompts(prompts)
    assert sorted(member for group in groups for member in group.members) == list(range(len(prompts)))
    for group in groups:
        assert len({tuple(prompts[member][: group.prefix]) for member in group.members}) == 1
        assert all(len(prompts[member]) > group.prefix for member in group.members)
        assert group.prefix == 0 or group.prefix >= LEAST_PREFIX
        lengths = [len(prompts[member]) for member in group.members]
        assert lengths == sorted(lengths, reverse=True)
    longest = [len(prompts[group.members[0]]) for group in groups]
    assert longest == sorted(longest, reverse=True)


@given(prompt_lists())
def test_groups_never_cost_more_tokens_than_prompts_by_themselves(prompts):
    cost = sum(
        group.prefix + sum(len(prompts[member]) - group.prefix for member in group.members)
        for group in group_prompts(prompts)
    )
    assert cost <= sum(map(len, prompts))


def test_two_sets_of_shots_are_two_groups():
    chance = random.Random(1)
    shots = [[chance.randrange(50) for _ in range(CHANGE * 2)] for _ in range(2)]
    prompts = [[*shots[number % 2], number, number] for number in range(12)]
    groups = group_prompts(prompts)
    assert sorted(group.members for group in groups) == [(0, 2, 4, 6, 8, 10), (1, 3, 5, 7, 9, 11)]
    assert {group.prefix for group in groups} == {CHANGE * 2}


def test_few_more_tokens_in_common_are_no_reason_to_split():
    prompts = [[7] * 300 + [1] * 5 + [number] for number in range(4)]
    prompts += [[7] * 300 + [2] * 5 + [number] for number in range(4)]
    (group,) = group_prompts(prompts)
    assert group.prefix == 300


def test_nothing_is_shared_where_that_is_asked():
    (group,) = group_prompts([[1] * 600, [1] * 601], share=False)
    assert group.prefix == 0
    assert group_prompts([]) == []
