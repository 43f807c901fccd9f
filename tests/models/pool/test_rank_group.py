"""The other ranks: frames reach them, the loss of one ends the run, and all end with it."""

from __future__ import annotations

import threading

import pytest
from rank_pipes import LengthModel, ranks, requests

from proctor.errors import ModelError
from proctor.models.pool import rank_group as module
from proctor.models.pool.frames import ErrorFrame, StopFrame, encode
from proctor.models.pool.ranks import RankPool


def test_all_ranks_end_once_and_their_numbers_are_known():
    with ranks(LengthModel(1), LengthModel(2)) as group:
        assert (group.size, group.others, group.loss) == (3, (1, 2), None)
        group.end(failed=True)
        group.end(failed=False)
    assert group.codes == {1: 1, 2: 1}
    assert group.loss is None


def test_a_rank_that_was_stopped_ends_the_run_after_a_while(monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.01)
    with ranks(LengthModel(1)) as group:
        group.ends[1]._into.put(encode(StopFrame()))
        assert group.inbox.get(timeout=10) == (1, ErrorFrame(0, "it was stopped by a signal"))
        assert str(group.loss).startswith("Rank 1 of 2 has ended: it was stopped by a signal.")


def test_a_group_that_has_lost_a_rank_computes_nothing_more():
    with ranks(LengthModel(1)) as group:
        group.ends[1].cut()
        for _ in range(2):
            with pytest.raises(ModelError, match="Rank 1 of 2 has ended"):
                list(RankPool(LengthModel(), group).respond(requests()))


def test_a_long_pass_is_interrupted_when_a_rank_is_lost(monkeypatch):
    monkeypatch.setattr(module, "NOTICE", 0.1)
    # Never set: what waits for it goes on for ever, unless it is interrupted.
    interrupted = threading.Event()
    with ranks(LengthModel(1)) as group:

        def long(number):
            group.ends[1].cut()
            while not interrupted.wait(0.05):
                pass

        pool = RankPool(LengthModel(before=long), group)
        with pytest.raises(ModelError, match="Rank 1 of 2 has ended"):
            list(pool.respond(requests()))


def test_a_pass_that_waits_for_a_rank_of_its_team_is_interrupted_by_that_rank_s_error(monkeypatch):
    monkeypatch.setattr(module, "NOTICE", 0.1)
    never = threading.Event()

    class Peer(LengthModel):
        def resume(self, requests, missing):
            raise ModelError("No memory.", hint="Take less.")
            yield

    def waiting(number):
        while not never.wait(0.05):
            pass

    with ranks(Peer(1)) as group, pytest.raises(ModelError, match=r"^Rank 1 of 2: No memory\.\n  Take less\.$"):
        list(RankPool(LengthModel(before=waiting), group, 2).respond(requests()))


def test_one_that_cannot_be_interrupted_ends_without_cleaning_up(monkeypatch, caplog):
    monkeypatch.setattr(module, "NOTICE", 0.1)
    monkeypatch.setattr(module, "LAST", 0.1)
    monkeypatch.setattr(module._thread, "interrupt_main", lambda: None)
    left = threading.Event()
    monkeypatch.setattr(module, "_leave_now", left.set)
    with ranks(LengthModel(1)) as group:

        def long(number):
            group.ends[1].cut()
            assert left.wait(60)

        with pytest.raises(ModelError, match="Rank 1 of 2 has ended"):
            list(RankPool(LengthModel(before=long), group).respond(requests()))
    assert caplog.text.count(module.AGAIN) == 1
    assert "Rank 1 of 2 has ended" in caplog.text
