"""Jobs of an event loop, seen from synchronous code as an iterator of their results."""

# Two worlds
# ----------
#   the run (synchronous)                          a thread with an event loop
#   for result in run_jobs(...)   <-- queue ---    at most 2 x limit tasks, each one job
#                                                  jobs are taken from an iterator as tasks end
#
# Everything above the HTTP models is synchronous: a run stores each response before the next is graded. So the loop
# lives in a thread for as long as the iterator does. Jobs are made lazily: lm-eval makes a task of each request at
# once, and hangs at 20,000.
#
# A stop (Ctrl-C, SIGTERM) or an error that ends the run: no more jobs are taken, and those in flight have
# :data:`GRACE` seconds to end, since they are paid for. Their results come out of the iterator before the error does.
# Where the run ends because enough was paid or refused, they have as long as they need.
#
# Invariant: when the iterator is closed or has raised, the thread has ended and the session is closed.

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

from proctor.errors import ModelError
from proctor.models.http.limiter import Limiter
from proctor.models.http.meter import BudgetError
from proctor.models.http.sender import Sender

T = TypeVar("T")
Job = Callable[[Sender], Awaitable[T]]
"""One piece of work: it sends what it must and returns its result."""

GRACE = 5.0
"""Seconds that requests in flight have to end when the run stops."""


class _Loop(Generic[T]):
    """The thread's side."""

    def __init__(
        self, jobs: Iterator[Job[T]], limiter: Limiter, enter: Callable[[], Any], halt: threading.Event
    ) -> None:
        self.results: queue.Queue[T | None] = queue.Queue()
        self.error: BaseException | None = None
        self._jobs = jobs
        self._limiter = limiter
        self._enter = enter
        self._halt = halt
        self._stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="proctor-http", daemon=True)

    def stop(self) -> None:
        """Take no more jobs; those in flight have :data:`GRACE` seconds."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - raised again in the run's own thread
            self.error = error
        finally:
            self.results.put(None)

    async def _main(self) -> None:
        self._limiter.open()
        tasks: set[asyncio.Task[T]] = set()
        # Tasks announce their own end: asyncio.wait() would look at every open task after each that ends.
        ended: asyncio.Queue[asyncio.Task[T]] = asyncio.Queue()
        async with self._enter() as sender:
            try:
                while self._take(tasks, ended, sender):
                    # Now and then without a task that ended, so that a stop is seen.
                    with suppress(TimeoutError):
                        self._hand_over(await asyncio.wait_for(ended.get(), 0.2), tasks)
                    while not ended.empty():
                        self._hand_over(ended.get_nowait(), tasks)
                    if self._halt.is_set():
                        self._limiter.shut()
            except BudgetError:
                await self._finish(tasks, ended)
                raise
            finally:
                await self._drain(tasks)

    def _take(self, tasks: set[asyncio.Task[T]], ended: asyncio.Queue[asyncio.Task[T]], sender: Sender) -> bool:
        """Start jobs as long as there is room; whether any is running and none has to stop."""
        stops = (self._stopped, self._halt)
        while len(tasks) < 2 * int(self._limiter.limit) and not any(stop.is_set() for stop in stops):
            job = next(self._jobs, None)
            if job is None:
                break
            task = asyncio.ensure_future(job(sender))
            task.add_done_callback(ended.put_nowait)
            tasks.add(task)
        return bool(tasks) and not self._stopped.is_set()

    def _hand_over(self, task: asyncio.Task[T], tasks: set[asyncio.Task[T]]) -> None:
        tasks.discard(task)
        # Cancelled: the limiter is shut, because another task has met what ends the run.
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            raise error
        self.results.put(task.result())

    async def _finish(self, tasks: set[asyncio.Task[T]], ended: asyncio.Queue[asyncio.Task[T]]) -> None:
        """Hand over what is in flight as it ends, unless the run is stopped meanwhile."""
        while tasks and not self._stopped.is_set():
            with suppress(TimeoutError, ModelError):
                self._hand_over(await asyncio.wait_for(ended.get(), 0.2), tasks)

    async def _drain(self, tasks: set[asyncio.Task[T]]) -> None:
        if not tasks:
            return
        # What has not been sent is not sent any more: it would be refused too, or paid for and thrown away.
        self._limiter.shut()
        done, left = await asyncio.wait(tasks, timeout=GRACE)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for task in done:
            if not task.cancelled() and task.exception() is None:
                self.results.put(task.result())


def run_jobs(
    jobs: Iterator[Job[T]], limiter: Limiter, enter: Callable[[], Any], halt: threading.Event | None = None
) -> Iterator[T]:
    """The results of jobs as they end, in any order.

    Args:
        jobs: Made when there is room for them; the iterator is advanced in another thread.
        limiter: Says how many requests may be in flight; twice as many jobs are open at most.
        enter: Makes an asynchronous context manager whose value is the :class:`~proctor.models.http.sender.Sender`.
        halt: Once it is set, by whatever thread, no more jobs are taken, and the iterator ends with what is in flight.

    Raises:
        ModelError: A job ended with it; results that came before, and of what was in flight, are yielded first.
    """
    loop = _Loop(jobs, limiter, enter, halt or threading.Event())
    loop.thread.start()
    try:
        while (result := loop.results.get()) is not None:
            yield result
    except KeyboardInterrupt:
        loop.stop()
        while (result := loop.results.get()) is not None:
            yield result
        raise
    finally:
        loop.stop()
        loop.thread.join()
    if loop.error is not None:
        raise loop.error
