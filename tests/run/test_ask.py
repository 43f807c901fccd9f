"""From queries to responses: their order, what is missing, and what a model is sent of a run that goes on."""

from __future__ import annotations

import pytest
from oracle import Oracle

from proctor.errors import ModelError
from proctor.records import Query
from proctor.run.ask import PendingQueries, ask
from proctor.store.response_cache import ResponseCache
from proctor.store.runs import Counts, NewRun
from proctor.store.store import open_store
from proctor.types import Generate, Rolling, RollingScore, Text


def queries(*requests, repeats=1):
    return [Query("t", n, 0, repeat, request) for n, request in enumerate(requests) for repeat in range(repeats)]


def new_run(answers):
    return NewRun(1.0, "m", "c", "/", {}, {"weights": "abc"}, answers.digest)


@pytest.fixture
def answers(tmp_path):
    shelf = open_store(tmp_path / "a.sqlite")
    assert shelf is not None
    found = ResponseCache(shelf, {"weights": "abc"}, (0, 1, 2))
    shelf.begin(new_run(found))
    yield found
    shelf.close()


def test_a_model_that_can_resume_is_told_of_everything(answers):
    class Resuming(Oracle):
        def resume(self, requests, missing):
            self.resumed = (len(requests), list(missing))
            return ((place, self._answer(requests[place])) for place in missing)

    some = queries(*(Rolling(f"text {n}") for n in range(8)))
    ask(Oracle(), some[:2], lambda count: None, answers)
    answers.store.end("finished", Counts())
    answers.store.begin(new_run(answers))
    ask(Oracle(), some[2::2], lambda count: None, answers)
    answers.store.end("interrupted", Counts())
    answers.store.begin(new_run(answers))
    model = Resuming()
    assert ask(model, some, lambda count: None, answers) == [RollingScore(-1.5)] * 8
    # Of what it had to ask in the beginning, these were left.
    assert model.resumed == (6, [1, 3, 5])


def test_sampled_texts_are_drawn_once_and_those_that_are_missing_anew(answers):
    import random

    class Drawing(Oracle):
        def _answer(self, request):
            return Text(str(random.random()))

    request = Generate("p", {"do_sample": True})
    some = queries(request, repeats=6)
    random.seed(0)
    ask(Drawing(), some[:3], lambda count: None, answers)
    answers.store.flush()
    random.seed(0)
    model = Drawing()
    texts = ask(model, some, lambda count: None, answers)
    assert len(model.asked) == 3
    assert len(set(texts)) == 6
    answers.store.flush()
    assert PendingQueries(some, answers).missing == []


def test_a_model_that_leaves_something_out_is_found_out(answers):
    class Forgetful(Oracle):
        def respond(self, requests):
            return (pair for pair in super().respond(requests) if pair[0] != 1)

    with pytest.raises(ModelError, match="left 1 of 3 requests unanswered"):
        ask(Forgetful(), queries(*(Rolling(str(n)) for n in range(3))), lambda count: None, answers)


class Model:
    def __init__(self, skip=()):
        self._skip = set(skip)

    def respond(self, requests):
        for index in reversed(range(len(requests))):
            if index not in self._skip:
                yield index, Text(str(index))


def test_answers_come_back_in_order_whatever_order_they_arrive_in():
    queries = [Query("t", i, 0, 0, Generate("p", {})) for i in range(5)]
    seen = []
    assert [answer.text for answer in ask(Model(), queries, seen.append)] == ["0", "1", "2", "3", "4"]
    assert sum(seen) == 5


def test_an_unanswered_request_is_an_error_not_a_gap():
    queries = [Query("t", i, 0, 0, Generate("p", {})) for i in range(3)]
    with pytest.raises(ModelError, match="1 of 3 requests unanswered, first task 't', document 1"):
        ask(Model(skip=[1]), queries, lambda n: None)
