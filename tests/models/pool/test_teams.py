"""Ranks that hold one model together are as many as its arguments say, neighbours, and each in one team."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.models.pool.teams import team_size, teams_of


@pytest.mark.parametrize(
    ("args", "ranks", "size"),
    [
        ({}, 4, 1),
        ({"tp_plan": None}, 4, 1),
        ({"tp_plan": "auto"}, 4, 4),
        ({"tp_plan": "auto", "tp_size": 2}, 4, 2),
        ({"tp_plan": "auto", "tp_size": "4"}, 4, 4),
        ({"tp_plan": "auto", "tp_size": 1}, 4, 1),
    ],
)
def test_a_model_is_held_by_as_many_ranks_as_its_arguments_say(args, ranks, size):
    assert team_size(args, ranks) == size
    teams = teams_of(ranks, size)
    assert [rank for team in teams for rank in team] == list(range(ranks))
    assert {len(team) for team in teams} == {size}


@pytest.mark.parametrize("size", [0, 3, 8, "two", True, 1.5, -2])
def test_ranks_that_cannot_be_divided_so_are_an_error(size):
    with pytest.raises(UsageError, match=r"tp_size=.* and the launcher started 4 processes") as caught:
        team_size({"tp_plan": "auto", "tp_size": size}, 4)
    assert "a multiple of tp_size" in caught.value.hint


def test_a_number_without_a_plan_is_an_error():
    with pytest.raises(UsageError, match="tp_size needs tp_plan"):
        team_size({"tp_size": 2}, 4)
