"""Requests in shares: each request once, groups whole unless they are too large, shares even, always the same."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from proctor.messages import Message
from proctor.models.pool.partition import (
    EVEN,
    FINEST,
    UNITS_PER_WORKER,
    Load,
    is_even,
    partition,
    request_load,
    work_queue,
)
from proctor.types import Choose, Generate, Loglikelihood, Rolling


@st.composite
def load_lists(draw):
    """Loads with and without shared prefixes, of two groups; some prefixes equal, or the beginning of another."""
    chance = random.Random(draw(st.integers(0, 10_000)))
    ids = draw(st.booleans())
    stems = ["".join(chance.choice("abc") for _ in range(chance.choice([0, 3, 40, 300]))) for _ in range(4)]
    loads = []
    for _ in range(draw(st.integers(0, 60))):
        text = chance.choice(stems)
        text = text[: chance.choice([len(text), 20])] + "".join(
            chance.choice("abc") for _ in range(chance.randint(0, 9))
        )
        prefix = [ord(letter) for letter in text] if ids else text
        loads.append(Load(chance.choice("gh"), prefix, chance.randint(0, 20)))
    return loads


def cost_of(loads, members):
    """What some requests cost together, counted prefix by prefix."""
    distinct = {(loads[one].group, *loads[one].prefix[:stop]) for one in members for stop in _stops(loads[one])}
    return len(distinct) + sum(loads[one].own for one in members)


def _stops(load):
    return range(1, len(load.prefix) + 1)


def together(loads, one, other):
    """All requests that share what two of them share; None: they share nothing."""
    first, second = loads[one], loads[other]
    depth = 0
    while depth < min(len(first.prefix), len(second.prefix)) and first.prefix[depth] == second.prefix[depth]:
        depth += 1
    if first.group != second.group or not depth:
        return None
    prefix = first.prefix[:depth]
    return [place for place, load in enumerate(loads) if load.group == first.group and load.prefix[:depth] == prefix]


# A request that costs nothing counts as 1: what a share costs may be larger than what is counted here by so much.


@given(load_lists(), st.integers(1, 7))
def test_each_request_is_in_one_share_and_one_unit(loads, n):
    shares, units = partition(loads, n), work_queue(loads, n)
    assert len(shares) == n
    for parts in (shares, units):
        assert sorted(member for part in parts for member in part.members) == list(range(len(loads)))
    assert all(unit.members for unit in units)


@given(load_lists(), st.integers(1, 7))
def test_costs_are_the_distinct_prefixes_and_what_each_request_adds(loads, n):
    for part in (*partition(loads, n), *work_queue(loads, n)):
        least = cost_of(loads, part.members)
        assert least <= part.cost <= least + len(part.members)


@given(load_lists(), st.integers(1, 7))
def test_shares_are_even_where_no_single_request_is_too_large(loads, n):
    costs = [share.cost for share in partition(loads, n)]
    mean = sum(costs) / n
    largest = max((len(load.prefix) + max(1, load.own) for load in loads), default=0)
    # The last unit that a share got was at most a piece of FINEST / 2, or one request.
    assert max(costs) <= mean + max(EVEN * mean, largest, 1)


@given(load_lists(), st.integers(2, 7))
def test_a_prefix_is_divided_only_where_its_requests_are_larger_than_a_share_or_shares_would_be_uneven(loads, n):
    whole = partition(loads, 1)[0].cost
    shares = partition(loads, n)
    share_of = {member: number for number, share in enumerate(shares) for member in share.members}
    sizes = [
        cost_of(loads, group)
        for one in range(len(loads))
        for other in range(one)
        if share_of[one] != share_of[other] and (group := together(loads, one, other)) is not None
    ]
    # The smallest piece that is ever made; a size is counted without the 1 of requests that add nothing.
    assert all(size + len(loads) > whole // n // (FINEST // 2) for size in sizes)


def test_whole_groups_are_dealt_where_that_is_even():
    loads = [Load("g", f"{group:03d}" + "x" * 500 + str(number), 5) for group in range(40) for number in range(30)]
    shares = partition(loads, 4)
    assert is_even([share.cost for share in shares])
    owners = {}
    for number, share in enumerate(shares):
        for member in share.members:
            owners.setdefault(member // 30, set()).add(number)
    assert all(len(numbers) == 1 for numbers in owners.values())
    assert sum(share.cost for share in shares) <= 1.001 * partition(loads, 1)[0].cost + 4 * 40


def test_one_large_group_is_divided_below_its_prefix():
    prefix = "x" * 4000
    loads = [Load("g", f"{prefix}{number:04d}", 30) for number in range(1000)]
    shares = partition(loads, 8)
    assert is_even([share.cost for share in shares])
    # The prefix is computed once by each, and nothing else twice.
    assert sum(share.cost for share in shares) < partition(loads, 1)[0].cost + 8 * len(prefix) + 8 * 64


def test_options_of_one_context_stay_in_one_share_and_kinds_share_nothing():
    loads = [request_load(Loglikelihood("same " * 50, (" a", " b"))) for _ in range(2)]
    loads += [request_load(Generate("same " * 50, {"max_gen_toks": 1})) for _ in range(2)]
    first, second = partition(loads, 2)
    assert {first.members, second.members} == {(0, 1), (2, 3)}


def test_loads_of_each_kind_of_request():
    chat = (Message("system", "Be brief."), Message("user", "Why?"))
    assert request_load(Loglikelihood("ab", (" c", " def"))) == Load("loglikelihood", "ab", 6)
    assert request_load(Rolling("abcd")) == Load("loglikelihood_rolling", "", 4)
    assert request_load(Generate("ab", {"max_gen_toks": 3})).own == 12
    assert request_load(Generate("ab", {"max_gen_toks": "many"})).own == 256 * 4
    assert request_load(Generate(chat, {})).prefix == "Be brief.\nWhy?"
    assert request_load(Choose(chat, ("A", "B"))).group == "multiple_choice"


@given(load_lists(), st.integers(1, 5))
def test_shares_and_units_are_always_the_same(loads, n):
    assert partition(loads, n) == partition(list(loads), n)
    assert work_queue(loads, n) == work_queue(list(loads), n)


def test_units_of_a_queue_are_about_an_eighth_of_a_workers_work_and_the_dearest_comes_first():
    loads = [Load("g", f"{number:05d}", 100) for number in range(2000)]
    units = work_queue(loads, 5)
    assert [unit.cost for unit in units] == sorted((unit.cost for unit in units), reverse=True)
    assert 5 * UNITS_PER_WORKER <= len(units) <= 2 * 5 * UNITS_PER_WORKER + 5
    assert units[0].cost <= sum(unit.cost for unit in units) / (5 * UNITS_PER_WORKER) * 1.1


def test_more_shares_than_requests_leave_some_empty():
    assert [share.members for share in partition([Load("g", "ab")], 3)] == [(0,), (), ()]
    assert partition([], 2)[0].members == ()
    assert work_queue([], 2) == []
