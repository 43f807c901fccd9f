"""A probe from documents to values: what is asked, what is cached, what cannot be used."""

from __future__ import annotations

import math

import pytest

from proctor.errors import UsageError
from proctor.models.protocols import TokenScores
from proctor.probe import run as module
from proctor.probe.run import run_probe
from proctor.run.progress import Quiet
from proctor.settings.config import build_config
from proctor.types import Refusal, Scores

QUESTION = "Which of these many words is the one that is meant by all who ask?"


class Rehearsed:
    """Finds the published order (its first option is ``right``) likelier by ``gain`` nats."""

    name = "rehearsed"

    def __init__(self, gain=0.0, broken=()):
        self.info = {}
        self.gain, self.broken, self.sent = gain, broken, []
        self.identity = {"gain": gain}

    def respond(self, requests):
        for number, request in enumerate(requests):
            self.sent.append(request)
            if number in self.broken:
                yield number, self.broken[number]
                continue
            values = [-len(text) / 3 + (self.gain if text.startswith("right") else 0) for text in request.continuations]
            yield number, Scores(tuple((value, value > -1) for value in values))

    def report(self):
        return {}

    def close(self):
        pass


@pytest.fixture
def probe(monkeypatch, write_quiz, tmp_path):
    def call(model, documents=3, options=("right", "b", "c", "d"), orders=24, min_k=None, **settings):
        task = write_quiz([(f"{QUESTION} {number}", options) for number in range(documents)])
        config = build_config({"model": "hf", "model_args": {"pretrained": "m"}, "tasks": [task], **settings})
        monkeypatch.setattr(module, "open_configured", lambda config, lazily: model)
        return run_probe(config, orders, progress=Quiet, min_k=min_k)

    return call


def test_each_document_is_one_request_of_all_orders_and_one_of_halves(probe):
    model = Rehearsed(gain=2.0)
    result = probe(model, no_store=True)
    assert [len(request.continuations) for request in model.sent] == [24, 1] * 3
    [task] = result.tasks
    assert (result.model, task.task, dict(task.kinds), task.refused) == ("m", "quiz", {"free": 3}, 0)
    for item in task.items:
        assert len(item.orders) == 24
        assert item.orders[0] == max(item.orders)
        assert item.orders.count(max(item.orders)) == 6
        assert item.completion is not None
        assert item.length > 0


def test_a_second_probe_finds_everything_in_the_store(probe, tmp_path):
    store = str(tmp_path / "store.sqlite")
    first, second = Rehearsed(1.0), Rehearsed(1.0)
    assert probe(first, store=store) == probe(second, store=store)
    assert first.sent
    assert second.sent == []


def test_what_the_model_does_not_score_is_left_out_and_counted(probe):
    broken = {0: Refusal("no", retryable=False), 3: Scores(((math.nan, False),))}
    [task] = probe(Rehearsed(broken=broken), no_store=True).tasks
    assert task.refused == 2
    assert [len(item.orders) for item in task.items] == [0, 24, 24]
    assert [item.completion is None for item in task.items] == [False, True, False]


def test_documents_that_are_not_free_are_counted_and_asked_for_their_halves_alone(probe):
    model = Rehearsed()
    [task] = probe(model, options=("1", "2", "3", "4"), no_store=True).tasks
    assert dict(task.kinds) == {"sorted": 3}
    assert [len(request.continuations) for request in model.sent] == [1, 1, 1]


def test_a_model_without_log_likelihoods_is_refused_before_anything_is_loaded():
    config = build_config({"model": "local-chat-completions", "tasks": ["nosuch"], "model_args": {"model": "m"}})
    with pytest.raises(UsageError, match="A probe needs log-likelihoods"):
        run_probe(config, 24, progress=Quiet)


def test_tasks_that_list_no_options_are_named():
    config = build_config({"model": "dummy", "tasks": ["demo_text_isles"], "limit": 2, "no_store": True})
    with pytest.raises(UsageError, match="No prompt of demo_text_isles lists its options"):
        run_probe(config, 24, progress=Quiet)
    config = build_config(
        {"model": "dummy", "tasks": ["demo_letter_isles", "demo_text_isles"], "limit": 2, "no_store": True}
    )
    assert run_probe(config, 24, progress=Quiet).left_out == ("demo_text_isles",)


class Reads(Rehearsed):
    """Has whole distributions: of each question four tokens, the first of which has a log-probability of -9."""

    def __init__(self, logprobs=(-9.0, -1.0, -2.0, -3.0), deviations=(2.0, 1.0, 1.0, 1.0)):
        super().__init__()
        self.values, self.read = (logprobs, deviations), []

    def token_scores(self, texts):
        for text in texts:
            self.read.append(text)
            yield TokenScores(self.values[0], (-1.0,) * 4, self.values[1])


def test_the_least_likely_tokens_of_questions_are_found_where_they_are_wanted(probe):
    model = Reads()
    [task] = probe(model, no_store=True, min_k=0.5).tasks
    assert model.read == [f"{QUESTION} {number}" for number in range(3)]
    # (-9 - -1) / 2 and (-3 - -1) / 1 are the lowest two.
    assert {(item.min_k, item.min_k_plus_plus) for item in task.items} == {(-6.0, -3.0)}
    assert all(len(item.orders) == 24 for item in task.items)
    plain = Reads()
    [task] = probe(plain, no_store=True).tasks
    assert plain.read == []
    assert {(item.min_k, item.min_k_plus_plus) for item in task.items} == {(None, None)}


def test_a_token_without_a_number_leaves_its_question_out_and_a_certain_model_has_no_second_score(probe):
    [task] = probe(Reads(logprobs=(-9.0, math.nan, -1.0, -1.0)), no_store=True, min_k=0.5).tasks
    assert {item.min_k for item in task.items} == {None}
    [task] = probe(Reads(deviations=(0.0,) * 4), no_store=True, min_k=0.5).tasks
    assert {(item.min_k, item.min_k_plus_plus) for item in task.items} == {(-6.0, None)}


def test_a_model_without_distributions_is_refused_before_anything_is_asked(probe):
    model = Rehearsed()
    with pytest.raises(UsageError, match="--min_k needs the model's whole distribution") as caught:
        probe(model, no_store=True, min_k=0.2)
    assert "--model hf" in caught.value.hint
    with pytest.raises(UsageError, match="a model with pool=ray gives log-likelihoods alone") as caught:
        probe(model, no_store=True, min_k=0.2, model_args={"pool": "ray"})
    assert "without pool" in caught.value.hint
    assert model.sent == []
