"""Every request gets one response, whoever computes it and whoever ends on the way."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import ModelError, ProctorError, RequestError, UsageError
from proctor.models.pool.dispatch import DEATHS, LOSSES, Dispatch, respond_by
from proctor.models.pool.events import Event, Work, WorkerDone, WorkerError, WorkerLoss, WorkerReady, WorkerResponses
from proctor.types import Loglikelihood, Request, Scores


class ScriptedWorkers:
    """Workers that compute a step at a time, and end when it is their turn by chance, or over a request.

    ``errors``: by context, what a model raises.
    """

    def __init__(
        self,
        count: int,
        chance: random.Random,
        *,
        loss: float = 0.0,
        poison: str | None = None,
        errors: Mapping[str, ProctorError] | None = None,
        twice: bool = False,
    ) -> None:
        self.chance, self.loss, self.poison, self.errors, self.twice = chance, loss, poison, errors or {}, twice
        self.numbers = 0
        self.works: dict[int, Iterator[tuple[int, Any]] | None] = {}
        self.starting: list[int] = []
        self.seeds: list[int] = []
        for _ in range(count):
            self.add()

    def add(self) -> None:
        self.numbers += 1
        self.starting.append(self.numbers)

    def start(self, worker: int, work: Work) -> None:
        assert self.works[worker] is None
        self.seeds.append(work.seed)
        self.works[worker] = iter([(place, work.requests[place]) for place in work.missing])

    def idle(self) -> Sequence[int]:
        return [worker for worker, work in self.works.items() if work is None]

    def discard(self, worker: int) -> None:
        del self.works[worker]
        self.add()

    def reports(self) -> Sequence[Mapping[str, Any]]:
        return []

    def events(self) -> Iterator[Event]:
        if self.starting and self.chance.random() < 0.5:
            worker = self.starting.pop()
            self.works[worker] = None
            yield WorkerReady(worker)
        for worker, work in list(self.works.items()):
            if work is None or worker not in self.works:
                continue
            if self.chance.random() < self.loss:
                yield self._end(worker)
                continue
            yield from self._step(worker, work)

    def _step(self, worker: int, work: Iterator[tuple[int, Any]]) -> Iterator[Event]:
        pairs = []
        for place, request in work:
            if request.context == self.poison:
                yield self._end(worker)
                return
            error = self.errors.get(request.context)
            if error is not None:
                yield WorkerError(
                    worker, RequestError(place, error.message) if isinstance(error, RequestError) else error
                )
                return
            pairs.append((place, Scores(((-float(len(request.context)), True),))))
            if self.chance.random() < 0.4:
                yield WorkerResponses(worker, pairs * (1 + self.twice))
                return
        if pairs:
            yield WorkerResponses(worker, pairs)
        self.works[worker] = None
        yield WorkerDone(worker)

    def _end(self, worker: int) -> Event:
        del self.works[worker]
        self.add()
        return WorkerLoss(worker, "killed")


def requests_of(count: int) -> list[Request]:
    return [Loglikelihood("x" * place, ("a",)) for place in range(count)]


def units_of(count: int, chance: random.Random) -> list[list[int]]:
    places = list(range(count))
    chance.shuffle(places)
    units = []
    while places:
        size = chance.randint(1, 5)
        units.append(places[:size])
        places = places[size:]
    return units


@given(st.integers(0, 40), st.integers(1, 6), st.floats(0, 0.2), st.integers(0, 1000), st.booleans())
def test_each_request_gets_one_response_whoever_is_lost(count, workers, loss, seed, twice):
    chance = random.Random(seed)
    requests, units = requests_of(count), units_of(count, chance)
    missing = sorted(chance.sample(range(count), chance.randint(0, count)))
    dispatch = Dispatch(requests, units, missing)
    scripted = ScriptedWorkers(workers, chance, loss=loss, twice=twice)
    pairs = []
    try:
        for pair in respond_by(scripted, dispatch):
            pairs.append(pair)
    except RequestError:
        # Chance has ended three workers in a row over one unit; all others are there.
        assert loss > 0
        assert {place for place, _ in pairs} < set(missing)
    else:
        assert sorted(place for place, _ in pairs) == missing
    assert len({place for place, _ in pairs}) == len(pairs)
    assert all(response.values[0][0] == -float(place) for place, response in pairs)
    assert dispatch.is_over
    assert len(set(scripted.seeds)) == len(scripted.seeds)


def test_a_request_that_ends_every_worker_is_named_when_all_others_are_there():
    chance = random.Random(0)
    dispatch = Dispatch(requests_of(12), [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]], range(12))
    scripted = ScriptedWorkers(2, chance, poison="xxxx")
    places = []
    with pytest.raises(RequestError) as caught:
        for place, _ in respond_by(scripted, dispatch):
            places.append(place)
    assert caught.value.request == 4
    assert sorted(places) == [0, 1, 2, 3, 6, 7, 8, 9, 10, 11]
    assert f"{DEATHS} workers in a row" in caught.value.message
    assert "on it, or on one of 1 other that was computed with it" in caught.value.message
    # In a row: with request 3, which came in between, the count began anew.
    assert scripted.numbers - 2 in (DEATHS, DEATHS + 1)


def test_an_error_of_one_machine_is_no_error_of_the_run():
    chance = random.Random(1)
    scripted = ScriptedWorkers(2, chance, errors={"xxx": ModelError("The device is broken.")})

    def once() -> Iterator[tuple[int, Any]]:
        for pair in respond_by(scripted, Dispatch(requests_of(6), [[0, 1], [2, 3], [4, 5]], range(6))):
            yield pair
            if scripted.numbers > 2:
                scripted.errors = {}

    assert sorted(place for place, _ in once()) == list(range(6))
    assert scripted.numbers == 3


@pytest.mark.parametrize("error", [UsageError("Wrong."), ModelError("Wrong."), RequestError(0, "Wrong.")])
def test_an_error_of_the_model_ends_the_run(error):
    scripted = ScriptedWorkers(2, random.Random(2), errors={"": error, "x": error, "xx": error})
    with pytest.raises(type(error)) as caught:
        list(respond_by(scripted, Dispatch(requests_of(3), [[2, 1, 0]], range(3))))
    assert caught.value.message == "Wrong."
    if isinstance(caught.value, RequestError):
        assert caught.value.request == 2


def test_a_request_that_is_left_out_is_an_error():
    dispatch = Dispatch(requests_of(2), [[0, 1]], range(2))
    dispatch.take(1)
    list(dispatch.note(1, [(0, Scores(((0.0, True),)))]))
    with pytest.raises(RequestError) as caught:
        dispatch.finish(1)
    assert caught.value.request == 1


def test_a_unit_is_not_blamed_for_workers_that_had_not_begun_it_unless_there_are_too_many():
    dispatch = Dispatch(requests_of(1), [[0]], [0])
    for _ in range(LOSSES - 1):
        assert dispatch.take(1) is not None
        dispatch.lose(1, "its machine is gone", begun=False)
    assert dispatch.queued == 1
    assert dispatch.take(1) is not None
    dispatch.lose(1, "its machine is gone", begun=False)
    assert dispatch.is_over
    with pytest.raises(RequestError, match="its machine is gone"):
        dispatch.check()
