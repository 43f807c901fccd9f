"""A worker by itself, without Ray: it opens its model, streams batches, and says what went wrong as values."""

from __future__ import annotations

import logging
import os
import pickle
import random
import threading

import pytest

from proctor.errors import ModelError, RequestError, UsageError
from proctor.models import MODELS
from proctor.models.dummy import DummyModel
from proctor.models.pool import ray_worker as module
from proctor.models.pool.events import Work
from proctor.models.pool.ray_worker import Batch, Failure, Opening, Worker, WorkerFacts
from proctor.types import Generate, Loglikelihood, Text

log = logging.getLogger("proctor")


class Echo(DummyModel):
    """Responds with the prompt; the prompt may be what is wrong."""

    def respond(self, requests):
        for number, request in enumerate(requests):
            text = request.prompt
            if text == "warn":
                log.warning("A warning.")
            if text == "request":
                raise RequestError(number, "This one cannot be.", hint="Leave it out.")
            if text == "bug":
                raise KeyError("what")
            yield number, Text(text + str(random.random()) if text == "draw" else text)


class ResumableEcho(Echo):
    def resume(self, requests, missing):
        yield from ((place, Text(f"{requests[place].prompt} of {len(requests)}")) for place in missing)


@pytest.fixture
def open_worker(monkeypatch):
    handlers, propagate = log.handlers[:], log.propagate
    rows = dict(MODELS._rows)

    def open_it(model=Echo, **more):
        worker = Worker(Opening("echo", {}, {}, row=lambda args, **_: model(), **more))
        assert isinstance(worker.load(), WorkerFacts)
        return worker

    here = os.getcwd()
    yield open_it
    os.chdir(here)
    MODELS._rows.clear()
    MODELS._rows.update(rows)
    log.handlers[:], log.propagate = handlers, propagate


def work(*prompts, missing=None, seed=0):
    return Work([Generate(prompt, {}) for prompt in prompts], missing or list(range(len(prompts))), seed)


def computed(worker, one):
    """The batches after the first, which shows that the work was begun."""
    first, *batches = worker.compute(one)
    assert first == Batch()
    return batches


def test_what_is_missing_comes_in_batches_and_the_last_has_the_report(open_worker, monkeypatch):
    monkeypatch.setattr(module, "FULL", 2)
    batches = computed(open_worker(), work("a", "b", "c", "d", missing=[0, 1, 3]))
    assert [list(batch.pairs) for batch in batches] == [[(0, Text("a")), (1, Text("b"))], [(3, Text("d"))]]
    assert batches[0].report is None
    assert batches[-1].report is not None
    assert batches[-1].failure is None
    assert pickle.loads(pickle.dumps(batches)) == batches


def test_a_model_that_can_resume_gets_the_whole_unit(open_worker):
    [batch] = computed(open_worker(ResumableEcho), work("a", "b", "c", missing=[2]))
    assert batch.pairs == [(2, Text("c of 3"))]


def test_warnings_and_errors_are_values(open_worker):
    worker = open_worker()
    [batch] = computed(worker, work("warn", "request", "c"))
    assert batch.warnings == ["A warning."]
    assert batch.pairs == [(0, Text("warn"))]
    error = batch.failure.error("On a: ")
    assert isinstance(error, RequestError)
    assert (error.request, error.message, error.hint) == (1, "This one cannot be.", "Leave it out.")
    [batch] = computed(worker, work("bug"))
    assert batch.warnings == []
    assert "KeyError: 'what'" in batch.failure.message


def test_what_a_machine_lacks_has_a_hint(open_worker):
    class Importing(Echo):
        def respond(self, requests):
            import no_such_module_here

            yield 0, no_such_module_here

    [batch] = computed(open_worker(Importing), work("a"))
    assert "no_such_module_here" in batch.failure.message
    assert "working_dir" in batch.failure.error().hint


def test_what_is_drawn_depends_on_the_seed_of_the_work(open_worker):
    worker = open_worker()
    drawn = [computed(worker, work("draw", seed=seed))[0].pairs for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_model_that_cannot_be_opened_is_a_sentence(open_worker):
    worker = Worker(Opening("hf", {"pretrained": 3, "dtype": "what"}, {"device": "cpu"}))
    failure = worker.load()
    assert isinstance(failure, Failure)
    assert isinstance(failure.error(), UsageError | ModelError)
    assert failure.error("On node: ").message.startswith("On node: ")
    [batch] = computed(worker, Work([Loglikelihood("c", ("a",))], [0], 0))
    assert "no model" in batch.failure.message


def test_a_response_does_not_wait_for_the_next_one(open_worker):
    goes_on = threading.Event()

    class Slow(Echo):
        def respond(self, requests):
            yield 0, Text("a")
            assert goes_on.wait(60)
            yield 1, Text("b")

    batches = open_worker(Slow).compute(work("a", "b"))
    assert next(batches) == Batch()
    assert next(batches).pairs == [(0, Text("a"))]
    goes_on.set()
    assert [pair for batch in batches for pair in batch.pairs] == [(1, Text("b"))]


def test_a_model_opens_computes_and_closes_in_one_thread(open_worker):
    threads = set()

    class Threads(Echo):
        def __init__(self):
            threads.add(threading.get_ident())

        def respond(self, requests):
            threads.add(threading.get_ident())
            yield from super().respond(requests)

        def close(self):
            threads.add(threading.get_ident())

    worker = open_worker(Threads)
    computed(worker, work("a"))
    computed(worker, work("b"))
    worker.close()
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_model_whose_work_is_unwanted_stops_at_its_next_response(open_worker):
    gone, ended = threading.Event(), threading.Event()

    class Endless(Echo):
        def respond(self, requests):
            try:
                yield 0, Text("a")
                assert gone.wait(60)
                while True:
                    yield 0, Text("a")
            finally:
                ended.set()

    batches = open_worker(Endless).compute(work("a"))
    assert next(batches) == Batch()
    assert next(batches).pairs
    batches.close()
    gone.set()
    assert ended.wait(60)


@pytest.mark.parametrize("error", [SystemExit(3), MemoryError("none")])
def test_whatever_a_model_raises_ends_its_work_with_a_sentence(open_worker, error):
    class Broken(Echo):
        def respond(self, requests):
            raise error

        def report(self):
            raise KeyError("report")

    [batch] = computed(open_worker(Broken), work("a"))
    assert type(error).__name__ in batch.failure.message
    assert batch.report is None


def test_the_environment_is_that_of_the_run_where_the_machine_has_none(open_worker, monkeypatch, tmp_path):
    monkeypatch.setenv("VLLM_DP_RANK", "1")
    monkeypatch.setenv("HF_HOME", "/own")
    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "1")
    monkeypatch.delenv("HF_HUB_ETAG_TIMEOUT")
    open_worker(environment={"HF_HOME": "/theirs", "HF_HUB_ETAG_TIMEOUT": "3"}, folder=str(tmp_path))
    assert "VLLM_DP_RANK" not in os.environ
    assert os.environ["HF_HOME"] == "/own"
    assert os.environ["HF_HUB_ETAG_TIMEOUT"] == "3"
    assert os.getcwd() == str(tmp_path)


def test_a_folder_that_the_machine_lacks_is_no_error(open_worker):
    open_worker(folder="/no/such/folder")


def test_a_worker_says_who_it_is(open_worker):
    release, node = open_worker().hello()
    assert release
    assert node
