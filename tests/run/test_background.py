"""While a model elsewhere responds, a chunk is graded and one is planned, and nothing that comes out tells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.models.dummy import DummyModel
from proctor.models.pool.ray_pool import RayPool
from proctor.models.protocols import RemoteModel
from proctor.run import background, chunks
from proctor.run.background import Background
from proctor.run.chunk_limits import ChunkLimits
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Loglikelihood, Scores

DRAWS = """\
import random


def ask(doc):
    return doc['question'] + str(random.randrange(10**6))
"""


@pytest.fixture(scope="module")
def exam(tmp_path_factory, write_exam):
    """Two tasks of 40 documents; the prompts of one draw on the generator that everybody shares."""
    folder = write_exam(tmp_path_factory.mktemp("exam"), "one", "two", documents=40)
    (folder / "own.py").write_text(DRAWS, encoding="utf-8")
    two = folder / "two.yaml"
    two.write_text(two.read_text(encoding="utf-8").replace('"{{question}}"', "!function own.ask"), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    for module in (background, chunks):
        monkeypatch.setattr(module, "STEP", 3)


class Here:
    """A model of this process; ``log`` notes what happened, in order."""

    name, info = "here", {}

    def __init__(self, log=None, stop=None):
        self.identity = {"kind": "here"}
        self.log = [] if log is None else log
        self.calls, self.given, self.stop = [], 0, stop

    def respond(self, requests):
        self.calls.append(len(requests))
        for place, request in reversed(list(enumerate(requests))):
            if self.given == self.stop:
                raise KeyboardInterrupt
            self.given += 1
            assert isinstance(request, Loglikelihood)
            values = [(-float(sum(map(ord, request.context + text)) % 97), False) for text in request.continuations]
            yield place, Scores(tuple(values))
            self.log.append("response")

    def report(self):
        return {}

    def close(self):
        pass


class Elsewhere(Here):
    """The same in other processes."""

    is_remote = True
    loading = "Starting workers"

    def load(self):
        """There is nothing to read."""


class Sink:
    def __init__(self, log, stop=None):
        self.log, self.records, self.stop, self.hashes = log, [], stop, {}

    def write(self, record):
        if len(self.records) == self.stop:
            raise KeyboardInterrupt
        self.records.append(record)
        self.log.append("record")


def run(exam, queries, model, *, samples=None, **options):
    tasks = [str(exam / f"{name}.yaml") for name in ("one", "two")]
    config = build_config({"model": "dummy", "tasks": tasks, **options})
    room = ChunkLimits(queries=queries)
    return evaluate(
        config, progress=Quiet, bootstrap_iters=10, keep_records=True, opened=model, room=room, samples=samples
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 90))
def test_results_are_those_of_a_model_of_this_process(exam, queries):
    expected = run(exam, 1000, Here())
    result = run(exam, queries, Elsewhere())
    assert (result.tasks, result.records) == (expected.tasks, expected.records)


def test_three_chunks_are_in_memory_and_each_is_a_third(exam):
    model = Elsewhere()
    run(exam, 30, model)
    assert model.calls == [10] * 8
    whole = Elsewhere()
    run(exam, 80, whole)
    assert whole.calls == [80], "what fits as a whole is planned as a whole"


def test_a_chunk_is_graded_while_the_next_one_responds(exam):
    log = []
    run(exam, 30, Elsewhere(log), samples=Sink(log))
    # A chunk of ten: then each response is followed by a record of the chunk before.
    assert log[:10] == ["response"] * 10
    assert log[10:70] == ["record", "response"] * 30
    assert log[-10:] == ["record"] * 10
    assert (log.count("record"), log.count("response")) == (80, 80)


def test_the_next_chunk_is_planned_while_one_responds(exam, monkeypatch):
    seen = []
    real = Background.step

    def step(self):
        real(self)
        seen.append(self._next is not None)

    monkeypatch.setattr(Background, "step", step)
    run(exam, 30, Elsewhere())
    assert seen[9], "ten responses are enough for a chunk of ten"


def test_fail_fast_grades_before_the_next_request(exam):
    log = []
    run(exam, 30, Elsewhere(log), samples=Sink(log), fail_fast=True)
    assert log[:20] == ["response"] * 10 + ["record"] * 10


@pytest.mark.parametrize("stop", [0, 4, 15, 79])
def test_a_stop_while_grading_loses_no_response(exam, tmp_path, stop):
    expected = run(exam, 1000, Here())
    log, first = [], Elsewhere()
    with pytest.raises(KeyboardInterrupt):
        run(exam, 30, first, samples=Sink(log, stop), store=str(tmp_path / "a.sqlite"))
    second = Elsewhere()
    result = run(exam, 30, second, store=str(tmp_path / "a.sqlite"))
    assert (result.tasks, result.records) == (expected.tasks, expected.records)
    # A response may have been asked for and not taken when the stop came; all that were taken are stored.
    assert first.given + second.given == 80


def test_a_stop_of_the_model_and_the_same_command_again(exam, tmp_path):
    expected = run(exam, 1000, Here())
    with pytest.raises(KeyboardInterrupt):
        run(exam, 30, Elsewhere(stop=33), store=str(tmp_path / "a.sqlite"))
    second = Elsewhere()
    result = run(exam, 30, second, store=str(tmp_path / "a.sqlite"))
    assert (result.records, second.given) == (expected.records, 47)


def test_what_a_model_elsewhere_does_first_is_shown_by_its_own_name(exam):
    shown = []

    class Noted(Quiet):
        def __init__(self, total, label, unit="tasks"):
            shown.append(label)
            super().__init__(total, label, unit)

    tasks = [str(exam / "one.yaml")]
    evaluate(build_config({"model": "dummy", "tasks": tasks}), progress=Noted, bootstrap_iters=10, opened=Elsewhere())
    assert "Starting workers" in shown
    assert "Loading model" not in shown
    assert RayPool.loading == "Starting Ray"


def test_a_pool_on_ray_computes_elsewhere_and_no_model_of_this_process_does():
    assert RayPool.is_remote
    assert not isinstance(DummyModel(), RemoteModel)
