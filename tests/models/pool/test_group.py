"""From meeting to end: the other ranks end with the block of rank 0, and as it ended."""

from __future__ import annotations

import threading

import pytest
from rank_pipes import LengthModel, expected, pipes, requests

from proctor.models.pool import group as module
from proctor.models.pool.group import follow, lead
from proctor.models.pool.launchers import Ranks
from proctor.models.pool.ranks import RankPool


class Met:
    """A meeting of two."""

    def __init__(self, pipe):
        self.pipe_to = lambda peer: pipe

    def join_team(self, size):
        """Nobody to meet."""


@pytest.fixture
def two(monkeypatch):
    """Two ranks that meet in memory."""
    ends = dict(enumerate(pipes()))
    monkeypatch.setattr("proctor.models.pool.gloo.meet", lambda ranks, command: Met(ends[ranks.rank]))
    monkeypatch.setattr(module, "open_on_rank", lambda settings, ranks, join: LengthModel(ranks.rank))
    return [Ranks("torchrun", rank, 2, rank, 2, "127.0.0.1", 1) for rank in range(2)]


@pytest.mark.parametrize("fails", [False, True])
def test_a_rank_responds_until_the_block_of_rank_0_ends(two, fails):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(follow(two[1])))
    thread.start()
    sent = requests()
    try:
        with lead(two[0]) as group:
            group.open({})
            assert dict(RankPool(LengthModel(), group).respond(sent)) == expected(sent)
            assert not fails or 1 / 0
    except ZeroDivisionError:
        assert fails
    thread.join(10)
    assert codes == [int(fails)]
