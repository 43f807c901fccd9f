"""A model on several ranks is one model: each request once, the same responses, and errors that say which rank."""

from __future__ import annotations

import threading
import time

import pytest
from rank_pipes import SETTINGS, LengthModel, expected, ranks, requests

from proctor.errors import ModelError, RequestError
from proctor.models.pool import rank_group as module
from proctor.models.pool.frames import ErrorFrame
from proctor.models.pool.ranks import RankPool
from proctor.types import Generate, Loglikelihood


@pytest.mark.parametrize("others", [1, 3])
def test_each_rank_responds_to_a_share_and_all_responses_come_out_once(others):
    models = [LengthModel(rank) for rank in range(1, others + 1)]
    sent = requests()
    with ranks(*models) as group:
        pool = RankPool(own := LengthModel(), group)
        pairs = list(pool.respond(sent))
        assert len(pairs) == len(sent)
        assert dict(pairs) == expected(sent)
    shares = [model.calls[0][0] for model in (own, *models) if model.calls]
    assert sorted(one.context for share in shares for one in share) == sorted(one.context for one in sent)
    assert len(shares) == others + 1
    assert [settings for _, settings in group.opened] == [SETTINGS] * others


def test_a_run_that_goes_on_asks_each_rank_for_what_is_missing_of_the_same_share():
    model, own, sent = LengthModel(1), LengthModel(), requests()
    with ranks(model) as group:
        pool = RankPool(own, group)
        list(pool.respond(sent))
        assert dict(pool.resume(sent, [2, 7])) == {place: expected(sent)[place] for place in (2, 7)}
    for one in (own, model):
        whole, *later = one.calls
        assert all(call[0] == whole[0] for call in later)
    left = [call[0][place].context for one in (own, model) for call in one.calls[1:] for place in call[1]]
    assert sorted(left) == sorted(sent[place].context for place in (2, 7))


def test_ranks_without_a_share_of_what_is_missing_are_left_alone():
    model = LengthModel(1)
    with ranks(model) as group:
        pool = RankPool(LengthModel(), group)
        assert len(list(pool.respond(requests(1)))) == 1
        assert list(pool.respond([])) == []
    assert len(model.calls) <= 1


def test_what_else_a_model_can_do_is_that_of_rank_0_and_reports_are_added():
    model, own = LengthModel(1), LengthModel()
    with ranks(model) as group:
        pool = RankPool(own, group)
        pool.load()
        pool.recall({"a": 1})
        assert own.recalled == {"a": 1}
        assert (pool.name, pool.info, pool.identity) == (own.name, own.info, own.identity)
        assert pool.chat_template("t") == "template t"
        assert pool.render([{"content": "hi"}], add_generation_prompt=True) == "hi True None"
        list(pool.respond(requests()))
        assert pool.report() == {
            "truncated": {"loglikelihood": 2},
            "scoring": {"mode": "tree", "forwarded_tokens": 14},
            "ranks": 2,
        }
        pool.close()
    assert [own.loads, model.loads, own.closed] == [1, 1, 1]
    assert model.closed >= 1


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ModelError("It has no memory.", hint="Buy some."), ModelError, "Rank 1 of 2: It has no memory."),
        (TypeError("odd"), ModelError, "Rank 1 of 2: The model failed: TypeError: odd"),
    ],
)
def test_an_error_of_another_rank_ends_the_run_after_what_had_arrived(error, kind, text):
    sent, arrived = requests(), []
    with ranks(LengthModel(1, error=error, at=2)) as group:
        pool = RankPool(LengthModel(), group)
        with pytest.raises(kind) as raised:
            arrived.extend(pool.respond(sent))
    assert raised.value.message == text
    assert raised.value.hint in ("Buy some.", module.AGAIN)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_request_that_cannot_be_answered_has_the_number_that_it_has_in_the_run(rank):
    sent = requests()
    error = RequestError(0, "It is too long.")
    models = [LengthModel(one, error=error if one == rank else None) for one in range(2)]
    with ranks(models[1]) as group:
        pool = RankPool(models[0], group)
        with pytest.raises(RequestError) as raised:
            list(pool.respond(sent))
    assert sent[raised.value.request] == models[rank].calls[0][0][0]


def test_the_loss_of_a_rank_ends_the_run_after_what_had_arrived():
    sent, first = requests(), threading.Event()

    def wait(number):
        if number == 2:
            first.set()
            time.sleep(0.1)
            group.ends[1].cut()

    own = LengthModel(before=lambda number: first.wait(5))
    with ranks(LengthModel(1, before=wait)) as group:
        pool, pairs = RankPool(own, group), {}
        with pytest.raises(ModelError, match="Rank 1 of 2 has ended: its connection is closed"):
            for place, response in pool.respond(sent):
                pairs[place] = response
        assert pairs.items() <= expected(sent).items()
        assert len(pairs) >= 2


def test_what_an_earlier_model_was_asked_for_is_dropped():
    with ranks(model := LengthModel(1)) as group:
        first = RankPool(LengthModel(), group).respond(requests())
        next(first)
        first.close()
        assert dict(RankPool(LengthModel(), group).respond(requests(9))) == expected(requests(9))
    assert len(model.calls) == 2


def test_an_error_of_an_earlier_model_is_not_one_of_the_next():
    with ranks(LengthModel(1)) as group:
        # Of a model whose weights rank 1 could not read, when rank 0 had gone on to the next one.
        group.inbox.put((1, ErrorFrame(group.number, "No memory.")))
        group.open(SETTINGS)
        assert dict(RankPool(LengthModel(), group).respond(requests())) == expected(requests())
        group.inbox.put((1, ErrorFrame(group.number, "No memory.")))
        with pytest.raises(ModelError, match=r"Rank 1 of 2: No memory\."):
            list(RankPool(LengthModel(), group).respond(requests()))


def test_a_stop_by_the_keyboard_stays_one():
    def stop(number):
        raise KeyboardInterrupt

    with ranks(LengthModel(1)) as group:
        pool = RankPool(LengthModel(before=stop), group)
        with pytest.raises(KeyboardInterrupt):
            list(pool.respond(requests()))


@pytest.mark.parametrize("has_store", [True, False])
def test_another_model_on_another_machine_is_an_error(has_store):
    with ranks(LengthModel(1, identity="other")) as group:
        pool = RankPool(LengthModel(), group)
        assert not has_store or pool.identity == {"weights": "same"}
        with pytest.raises(ModelError, match="another one than on rank 0"):
            list(pool.respond(requests()))


def test_what_cannot_be_sent_is_an_error():
    with ranks(LengthModel(1)) as group:
        with pytest.raises(ModelError, match="arguments cannot be sent"):
            group.open({"args": {"pretrained": object()}})
        pool = RankPool(LengthModel(), group)
        with pytest.raises(ModelError, match="cannot be sent to other ranks"):
            list(pool.respond([Generate("x", {"stop": {1}}), Loglikelihood("y", (" z",))] * 3))
    with ranks(LengthModel(1)) as group, pytest.raises(TypeError, match="part of its requests"):
        RankPool(object.__new__(_Whole), group)


class _Whole:
    name = "whole"


def test_texts_are_drawn_by_another_seed_on_each_rank_and_in_each_call(monkeypatch):
    seeds = []
    monkeypatch.setattr("proctor.models.pool.worker.seed_torch", seeds.append)
    with ranks(LengthModel(1), LengthModel(2)) as group:
        pool = RankPool(LengthModel(), group)
        for _ in range(2):
            list(pool.respond(requests()))
    assert len(seeds) == 4
    assert len(set(seeds)) == 4


def test_ranks_that_hold_one_model_together_compute_the_same_and_one_of_them_responds():
    models, own, sent = [LengthModel(rank) for rank in (1, 2, 3)], LengthModel(), requests()
    with ranks(*models) as group:
        pool = RankPool(own, group, 2)
        pairs = list(pool.respond(sent))
        assert len(pairs) == len(sent)
        assert dict(pairs) == expected(sent)
        assert pool.report()["truncated"] == {"loglikelihood": 2}
    assert own.calls == models[0].calls
    assert models[1].calls == models[2].calls
    assert sorted(one.context for model in (own, models[1]) for one in model.calls[0][0]) == sorted(
        one.context for one in sent
    )


def test_the_parts_of_a_model_are_read_together_also_for_its_facts():
    computed = threading.Event()
    model, own = LengthModel(1, before=lambda number: computed.set()), LengthModel()
    with ranks(model) as group:
        pool = RankPool(own, group, 2)
        assert pool.info == LengthModel.info
        assert pool.info == LengthModel.info
        pool.recall({})
        list(pool.respond(requests(2)))
        assert computed.wait(10)
    assert (own.loads, model.loads) == (1, 1)


def test_an_error_of_one_rank_of_a_team_is_what_is_reported():
    peer_failed = threading.Event()

    class Peer(LengthModel):
        def resume(self, requests, missing):
            peer_failed.set()
            raise ModelError("No memory.")
            yield

    def collective(number):
        assert peer_failed.wait(10)
        raise RuntimeError("Connection closed by peer")

    with ranks(Peer(1)) as group, pytest.raises(ModelError, match=r"Rank 1 of 2: No memory\."):
        list(RankPool(LengthModel(before=collective), group, 2).respond(requests()))


def test_a_request_that_no_rank_of_a_team_can_respond_to_is_named():
    error = RequestError(1, "Too long.")
    with ranks(LengthModel(1, error=error)) as group, pytest.raises(RequestError, match="Too long") as caught:
        list(RankPool(LengthModel(error=error), group, 2).respond(requests(3)))
    assert caught.value.request == 1
