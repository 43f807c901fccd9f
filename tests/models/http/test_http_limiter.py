"""The adaptive limit: never exceeded, lowered by refusals, raised by successes, closed when the server says so."""

from __future__ import annotations

import asyncio

import pytest

from proctor.models.http.limiter import CEILING, START, Limiter


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_limit_starts_low_and_grows_with_successes():
    limiter = Limiter(clock=Clock())
    assert limiter.limit == START
    for _ in range(10):
        limiter.succeeded()
    assert limiter.limit == START + 10
    for _ in range(1000):
        limiter.succeeded()
    assert limiter.limit == CEILING


def test_after_a_refusal_it_grows_by_one_per_round_trip():
    clock = Clock()
    limiter = Limiter(clock=clock)
    limiter.refused(None)
    assert limiter.limit == pytest.approx(START * 0.7)
    before = limiter.limit
    for _ in range(int(before)):
        limiter.succeeded()
    assert before < limiter.limit <= before + 1


def test_the_refusals_of_one_burst_are_one_sign():
    clock = Clock()
    limiter = Limiter(clock=clock)
    for _ in range(50):
        limiter.refused(None)
    assert limiter.limit == pytest.approx(START * 0.7)
    clock.now += 1
    limiter.refused(None)
    assert limiter.limit == pytest.approx(START * 0.49)


def test_it_never_falls_below_one():
    clock = Clock()
    limiter = Limiter(clock=clock)
    for _ in range(100):
        clock.now += 1
        limiter.refused(None)
    assert limiter.limit == 1


@pytest.mark.parametrize("ceiling", [1, 3, 40])
def test_the_ceiling_holds(ceiling):
    limiter = Limiter(ceiling)
    most = 0

    async def work() -> None:
        nonlocal most
        async with limiter.slot():
            most = max(most, limiter.in_flight)
            await asyncio.sleep(0)
        limiter.succeeded()

    async def main() -> None:
        limiter.open()
        await asyncio.gather(*(work() for _ in range(200)))

    asyncio.run(main())
    assert most == ceiling
    assert limiter.in_flight == 0


def test_requests_leave_in_their_order_and_a_cancelled_one_is_passed_over():
    limiter, order = Limiter(1), []

    async def work(number: int) -> None:
        async with limiter.slot():
            order.append(number)
            await asyncio.sleep(0)

    async def main() -> None:
        limiter.open()
        tasks = [asyncio.create_task(work(number)) for number in range(6)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    assert order == [0, 1, 3, 4, 5]
    assert limiter.in_flight == 0


def test_nothing_passes_a_closed_gate():
    limiter, passed = Limiter(4), []

    async def work() -> None:
        async with limiter.slot():
            passed.append(asyncio.get_running_loop().time())

    async def main() -> float:
        limiter.open()
        begun = asyncio.get_running_loop().time()
        limiter.close(0.2)
        await asyncio.gather(*(work() for _ in range(3)))
        return begun

    begun = asyncio.run(main())
    assert min(passed) >= begun + 0.2


def test_whoever_waits_at_a_limiter_that_is_shut_is_cancelled():
    limiter = Limiter(1)

    async def work() -> None:
        async with limiter.slot():
            await asyncio.sleep(0.05)

    async def main() -> list[object]:
        limiter.open()
        tasks = [asyncio.create_task(work()) for _ in range(3)]
        await asyncio.sleep(0)
        limiter.shut()
        late = asyncio.create_task(work())
        return await asyncio.gather(*tasks, late, return_exceptions=True)

    results = asyncio.run(main())
    assert results[0] is None
    assert all(isinstance(one, asyncio.CancelledError) for one in results[1:])


def test_a_limiter_serves_one_loop_after_another():
    limiter = Limiter(2)

    async def work() -> None:
        async with limiter.slot():
            await asyncio.sleep(0)

    async def main() -> None:
        limiter.open()
        await asyncio.gather(*(work() for _ in range(5)))

    asyncio.run(main())
    asyncio.run(main())
    assert limiter.in_flight == 0


def test_after_refusals_requests_leave_at_the_pace_of_the_successes():
    clock = Clock()
    limiter = Limiter(clock=clock)
    for _ in range(30):
        clock.now += 0.1
        limiter.succeeded()
    limiter.refused(None)
    # Ten successes a second, and nine tenths of that from now on.
    assert limiter.pace == pytest.approx(9, rel=0.1)
    before = limiter.pace
    limiter.refused(None)
    assert limiter.pace == before
    for _ in range(100):
        clock.now += 0.1
        limiter.succeeded()
    assert before < limiter.pace < 2 * before


def test_without_refusals_there_is_no_pace():
    limiter = Limiter(clock=Clock())
    for _ in range(100):
        limiter.succeeded()
    assert limiter.pace is None
