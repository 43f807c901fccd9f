"""Jobs of an event loop as an iterator: bounded, lazy, and nothing in flight is lost when the run stops."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest

from proctor.errors import ModelError
from proctor.models.http import runner
from proctor.models.http.limiter import Limiter
from proctor.models.http.runner import run_jobs


@asynccontextmanager
async def enter():
    yield None


def jobs(count, work, made=None):
    for number in range(count):
        if made is not None:
            made.append(number)

        async def job(_, number=number):
            return await work(number)

        yield job


async def double(number):
    await asyncio.sleep(0)
    return 2 * number


def test_every_job_has_its_result():
    assert sorted(run_jobs(jobs(100, double), Limiter(4), enter)) == [2 * number for number in range(100)]


def test_no_jobs():
    assert list(run_jobs(iter([]), Limiter(4), enter)) == []


def test_jobs_are_made_when_there_is_room():
    made, open_jobs = [], []

    async def work(number):
        open_jobs.append(len(made) - number)
        await asyncio.sleep(0)
        return number

    assert len(list(run_jobs(jobs(500, work, made), Limiter(2), enter))) == 500
    assert max(open_jobs) <= 2 * 2 + 1


def test_a_halt_ends_with_what_is_in_flight():
    halt, made = threading.Event(), []

    async def work(number):
        if number == 3:
            halt.set()
        await asyncio.sleep(0.01)
        return number

    assert sorted(run_jobs(jobs(500, work, made), Limiter(2), enter, halt)) == made
    assert len(made) <= 8


def test_an_error_comes_after_the_results_that_were_ready():
    async def work(number):
        if number == 5:
            raise ModelError("no more")
        return number

    found = []
    with pytest.raises(ModelError, match="no more"):
        for result in run_jobs(jobs(100, work), Limiter(1), enter):
            found.append(result)
    assert set(range(5)) <= set(found)
    assert len(found) < 20


def test_what_is_in_flight_when_the_run_stops_is_yielded(monkeypatch):
    begun = threading.Event()

    async def work(number):
        begun.set()
        await asyncio.sleep(0.3)
        return number

    results = run_jobs(jobs(100, work), Limiter(2), enter)
    real = runner._Loop

    class Interrupted(real):
        def __init__(self, *args):
            super().__init__(*args)
            get, calls = self.results.get, []

            def once(*given):
                if not calls:
                    calls.append(1)
                    begun.wait(5)
                    raise KeyboardInterrupt
                return get(*given)

            self.results.get = once

    monkeypatch.setattr(runner, "_Loop", Interrupted)
    found = []
    with pytest.raises(KeyboardInterrupt):
        for result in results:
            found.append(result)
    assert 1 <= len(found) <= 6


def test_closing_the_iterator_ends_the_thread():
    async def work(number):
        await asyncio.sleep(0.01)
        return number

    results = run_jobs(jobs(10_000, work), Limiter(2), enter)
    next(results)
    results.close()
    assert not any(thread.name == "proctor-http" for thread in threading.enumerate())


def test_a_session_that_cannot_be_opened_is_an_error():
    @asynccontextmanager
    async def broken():
        raise ModelError("no session")
        yield

    with pytest.raises(ModelError, match="no session"):
        list(run_jobs(jobs(3, double), Limiter(2), broken))
