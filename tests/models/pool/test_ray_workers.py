"""Workers as actors of a stand-in for Ray, which do what a test says; test_ray_pool has the real Ray."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import proctor
from proctor.errors import ModelError
from proctor.models.pool.cluster import WorkerNeeds
from proctor.models.pool.events import Work, WorkerDone, WorkerError, WorkerLoss, WorkerReady, WorkerResponses
from proctor.models.pool.ray_worker import Batch, Opening, WorkerFacts
from proctor.models.pool.ray_workers import STARTS, RayWorkers
from proctor.types import Text

HELLO = (proctor.__version__, "node1")
FACTS = WorkerFacts({"model_dtype": "float32"}, {"weights": "abc"})


class RayError(Exception):
    """What Ray raises where an actor is gone."""


class RayTaskError(RayError):
    """What it raises where an actor's code failed."""


class Call:
    """A call in flight, of which the values are known: one, or a stream of them."""

    def __init__(self, *values, stream=False):
        self.is_ready = stream or bool(values)
        self._values = iter(values)

    def __next__(self):
        return Call(next(self._values))

    def value(self):
        value = next(self._values)
        if isinstance(value, Exception):
            raise value
        return value


class StandIn:
    """Ray, of one process: ``scripts`` are what the actors give, in the order in which they are started."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, *scripts):
        self.scripts, self.killed, self.started = list(scripts), [], 0

    def remote(self, **options):
        self.options = options
        return lambda _: SimpleNamespace(remote=self._actor)

    def _actor(self, opening):
        script = self.scripts.pop(0) if self.scripts else {}
        self.started += 1

        def method(name):
            return SimpleNamespace(remote=lambda *_: Call(*script.get(name, ()), stream=name == "compute"))

        compute = SimpleNamespace(options=lambda **_: method("compute"))
        return SimpleNamespace(hello=method("hello"), load=method("load"), compute=compute, close=method("close"))

    def put(self, value):
        return value

    def wait(self, calls, *, num_returns, timeout, **_):
        return [call for call in calls if call.is_ready], []

    def get(self, call):
        return call.value()

    def kill(self, handle):
        self.killed.append(handle)


def workers(ray, count=1, *, wait=600.0, identity=None):
    opening = Opening("dummy", {}, {})
    return RayWorkers(ray, opening, WorkerNeeds(count, 0.0, 1.0), wait=wait, identity=identity)


def loaded(ray, **more):
    pool = workers(ray, **more)
    assert list(pool.events()) == []
    assert list(pool.events()) == [WorkerReady(1)]
    return pool


def test_a_worker_says_hello_reads_its_model_and_is_ready():
    ray = StandIn({"hello": [HELLO], "load": [FACTS]})
    pool = loaded(ray)
    assert (pool.facts, pool.idle(), pool.count, pool.lost) == (FACTS, [1], 1, 0)
    # Replaced here, and not by Ray.
    assert (ray.options["max_restarts"], ray.options["max_task_retries"]) == (0, 0)


def test_responses_come_in_batches_and_the_report_with_the_last():
    pair = (0, Text("yes"))
    batches = [Batch([pair]), Batch([], report={"batch_sizes": [4]})]
    pool = loaded(StandIn({"hello": [HELLO], "load": [FACTS], "compute": batches}))
    pool.start(1, Work([], [], 0, ()))
    assert pool.idle() == []
    assert list(pool.events()) == [WorkerResponses(1, [pair])]
    assert list(pool.events()) == []
    assert list(pool.events()) == [WorkerDone(1)]
    assert (pool.idle(), pool.reports()) == ([1], [{"batch_sizes": [4]}])


@pytest.mark.parametrize(
    ("hello", "load", "identity", "said"),
    [
        (("0.0.1", "node1"), FACTS, None, "On node1: proctor 0.0.1 is installed, and here"),
        (HELLO, FACTS, {"weights": "other"}, "On node1: the model is another one"),
        (HELLO, RayTaskError("ZeroDivisionError: by zero"), None, "A worker failed: ZeroDivisionError: by zero"),
    ],
)
def test_a_worker_that_cannot_be_used_is_a_sentence(hello, load, identity, said):
    pool = workers(StandIn({"hello": [hello], "load": [load]}), identity=identity)
    failed = next(event for _ in range(2) for event in pool.events())
    assert isinstance(failed, WorkerError)
    assert said in str(failed.error)


def test_one_that_ends_at_work_is_replaced():
    dies = {"hello": [HELLO], "load": [FACTS], "compute": [RayError("killed")]}
    ray = StandIn(dies, {"hello": [HELLO], "load": [FACTS]})
    pool = loaded(ray)
    pool.start(1, Work([], [], 0, ()))
    assert list(pool.events()) == [WorkerLoss(1, "killed", begun=False)]
    assert (pool.count, pool.lost, ray.started, len(ray.killed)) == (1, 1, 2, 1)
    assert [*pool.events(), *pool.events()] == [WorkerReady(2)]


def test_one_that_had_begun_its_work_says_so():
    dies = {"hello": [HELLO], "load": [FACTS], "compute": [Batch(), RayError("killed")]}
    pool = loaded(StandIn(dies, {}))
    pool.start(1, Work([], [], 0, ()))
    assert [*pool.events(), *pool.events()] == [WorkerLoss(1, "killed", begun=True)]


def test_those_that_end_while_they_read_the_model_are_counted_by_place():
    dies = {"hello": [HELLO], "load": [RayError("out of memory")]}
    pool = workers(StandIn(*[dies] * (STARTS + 1)), count=2)
    events = [event for _ in range(2 * STARTS) for event in pool.events()]
    lost = [event for event in events if isinstance(event, WorkerLoss)]
    failed = [event for event in events if isinstance(event, WorkerError)]
    # Two places: the fourth death is the second of either, and none of them is the third.
    assert (len(lost), failed) == (STARTS + 1, [])
    pool = workers(StandIn(*[dies] * STARTS))
    events = [event for _ in range(2 * STARTS) for event in pool.events()]
    assert [type(event) for event in events] == [WorkerLoss] * (STARTS - 1) + [WorkerError]
    assert f"{STARTS} workers in a row ended while they read the model: out of memory" in str(events[-1].error)


def test_those_that_never_begin_are_not_for_want_of_memory():
    pool = workers(StandIn(*[{"hello": [RayError("cancelled before it started running")]}] * STARTS))
    (error,) = [event.error for _ in range(2 * STARTS) for event in pool.events() if isinstance(event, WorkerError)]
    assert str(error).startswith(f"{STARTS} workers in a row ended before they began: cancelled")
    assert "--ray local" in str(error)


def test_a_cluster_without_room_is_waited_for_as_long_as_is_said():
    assert list(workers(StandIn()).events()) == []
    with pytest.raises(ModelError, match="No worker has started within 0 seconds") as caught:
        list(workers(StandIn(), wait=0.0).events())
    assert "worker_wait" in caught.value.hint


def test_a_discarded_worker_is_killed_and_replaced_and_all_end_with_the_pool():
    ray = StandIn({"hello": [HELLO], "load": [FACTS], "close": [None]}, {"hello": [HELLO], "load": [FACTS]})
    pool = loaded(ray)
    pool.discard(1)
    assert (pool.count, pool.lost, len(ray.killed)) == (1, 1, 1)
    assert [*pool.events(), *pool.events()] == [WorkerReady(2)]
    pool.close()
    assert (pool.count, len(ray.killed)) == (0, 2)
