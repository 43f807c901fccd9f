"""The workers of a pool as actors of Ray: started, handed work, replaced when they end."""

# Why actors are replaced here and not by Ray
# -------------------------------------------
# Ray restarts an actor (``max_restarts``) and sends the call that it had in hand again (``max_task_retries=-1``), as a
# whole and to the same actor. Here only what is left of a unit shall be computed again, by whoever is free first, while
# the new worker still reads its model; and a request that ends one worker after the other must be found out. So each
# actor lives once, and a new one takes its place. On a machine that is removed, the same: Ray places the new one where
# there is room, now or when a machine joins.
#
#   start actor --> hello --> load --> ready --> compute --> responses ... done --> compute --> ...
#        ^                                              |
#        +--------------------- loss <------------------+
#
# Each worker has one call in flight at any time, so that ``ray.wait`` sees all of them. Actors that Ray cannot place
# yet wait in ``hello`` and keep nobody from working; an autoscaler takes them for what they are, a demand for machines.
#
# Invariant: as many actors as were asked for, each in flight, idle, or waiting for its machine.

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import proctor
from proctor.errors import ModelError, error_text
from proctor.models.pool.cluster import WorkerNeeds, live_nodes, room
from proctor.models.pool.events import (
    Event,
    Work,
    WorkerDone,
    WorkerError,
    WorkerId,
    WorkerLoss,
    WorkerReady,
    WorkerResponses,
)
from proctor.models.pool.ray_worker import Batch, Failure, Opening, Worker, WorkerFacts
from proctor.models.pool.warnings import SharedWarnings
from proctor.plurals import counted
from proctor.secrets import redact_text

log = logging.getLogger("proctor")

STARTS = 3
"""How often a worker and those that replace it may end in a row while they read their model. Counted for each place: a
machine that is lost may take many with it."""
PATIENCE = 1.0
"""Seconds for which :meth:`RayWorkers.events` waits."""
GROWTH_SECONDS = 10.0
"""How often it is looked whether the cluster has room for more workers."""
CLOSING_SECONDS = 5.0
"""Seconds that workers have to free what they hold."""


@dataclass(slots=True)
class _Actor:
    """One worker: Ray's handle, and the call that is in flight.

    Attributes:
        handle: The actor.
        call: What :func:`ray.wait` takes; None: the worker is idle.
        stage: What the call is.
        node: The machine, as soon as it is known.
        failures: How many before it in its place ended while they read their model.
        begun: Whether it has begun the work that it was handed.
    """

    handle: Any
    call: Any
    stage: str = "hello"
    node: str = ""
    failures: int = 0
    begun: bool = False


class RayWorkers:
    """:class:`~proctor.models.pool.events.Workers` on Ray.

    Args:
        ray: The module.
        opening: What each worker opens its model with.
        needs: How many there shall be, and what each takes.
        wait: Seconds for which the first one is waited for.
        identity: What each worker's model must have; None: that of the first worker.

    Attributes:
        planned: How many workers there shall be, at first.
        facts: What the first worker says of its model; None: there is none yet.
        lost: How many have ended before their time.
    """

    def __init__(
        self,
        ray: Any,
        opening: Opening,
        needs: WorkerNeeds,
        *,
        wait: float,
        identity: Mapping[str, Any] | None = None,
    ) -> None:
        self._ray, self._needs, self._wait, self._identity = ray, needs, wait, identity
        self.planned = needs.workers
        self._class = ray.remote(
            num_gpus=needs.gpus, num_cpus=needs.cpus, max_restarts=0, max_task_retries=0, max_pending_calls=-1
        )(Worker)
        self._opening = ray.put(opening)
        self._actors: dict[WorkerId, _Actor] = {}
        self._numbers = 0
        self._began = self._looked = time.monotonic()
        self._reports: dict[WorkerId, Mapping[str, Any]] = {}
        self._warnings = SharedWarnings()
        self.facts: WorkerFacts | None = None
        self.lost = 0
        for _ in range(needs.workers):
            self._add()

    @property
    def count(self) -> int:
        """Workers, those included that are not there yet."""
        return len(self._actors)

    def start(self, worker: WorkerId, work: Work) -> None:
        """Hand work to an idle worker."""
        actor = self._actors[worker]
        actor.call, actor.stage = actor.handle.compute.options(num_returns="streaming").remote(work), "compute"
        actor.begun = False

    def idle(self) -> Sequence[WorkerId]:
        """Workers without a call in flight."""
        return [worker for worker, actor in self._actors.items() if actor.call is None]

    def events(self) -> Iterator[Event]:
        """What has happened since; waits for a moment where nothing has."""
        self._grow()
        calls = {actor.call: worker for worker, actor in self._actors.items() if actor.call is not None}
        waiting = list(calls)
        ready, _ = self._ray.wait(waiting, num_returns=1, timeout=PATIENCE, fetch_local=False)
        if ready:
            ready, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0, fetch_local=False)
        for call in ready:
            worker = calls[call]
            # Handling one event may have discarded another worker.
            if worker in self._actors:
                yield from self._next(worker, self._actors[worker])
        if self.facts is None and not ready:
            self._check_wait()

    def discard(self, worker: WorkerId) -> None:
        """End a worker and put another into its place."""
        actor = self._actors.pop(worker)
        self.lost += 1
        self._ray.kill(actor.handle)
        self._add()

    def reports(self) -> Sequence[Mapping[str, Any]]:
        """The last report of each worker that has finished something."""
        return list(self._reports.values())

    def close(self) -> None:
        """End all workers."""
        actors, self._actors = list(self._actors.values()), {}
        closing = [actor.handle.close.remote() for actor in actors if actor.call is None]
        if closing:
            self._ray.wait(closing, num_returns=len(closing), timeout=CLOSING_SECONDS)
        for actor in actors:
            self._ray.kill(actor.handle)

    def _add(self, failures: int = 0) -> None:
        self._numbers += 1
        handle = self._class.remote(self._opening)
        self._actors[self._numbers] = _Actor(handle, handle.hello.remote(), failures=failures)

    def _next(self, worker: WorkerId, actor: _Actor) -> Iterator[Event]:
        """What the call of a worker has given."""
        try:
            if actor.stage == "compute":
                try:
                    batch = self._ray.get(next(actor.call))
                except StopIteration:
                    actor.call = None
                    yield WorkerDone(worker)
                    return
                yield from self._received(worker, actor, batch)
            else:
                yield from self._started(worker, actor, self._ray.get(actor.call))
        except self._ray.exceptions.RayTaskError as error:
            # Code of ours or of a plugin, outside of what becomes a sentence.
            yield WorkerError(worker, ModelError(f"A worker failed: {_line(error)}", hint="Ray's logs have more."))
        except self._ray.exceptions.RayError as error:
            yield from self._ended(worker, actor, error)

    def _received(self, worker: WorkerId, actor: _Actor, batch: Batch) -> Iterator[Event]:
        actor.begun = True
        self._warnings.show(batch.warnings)
        if batch.report is not None:
            self._reports[worker] = batch.report
        if batch.pairs:
            yield WorkerResponses(worker, batch.pairs)
        if batch.failure is not None:
            yield WorkerError(worker, batch.failure.error(_place(actor)))

    def _started(self, worker: WorkerId, actor: _Actor, gave: Any) -> Iterator[Event]:
        if actor.stage == "hello":
            release, actor.node = gave
            if release != proctor.__version__:
                message = f"{_place(actor)}proctor {release} is installed, and here {proctor.__version__}."
                yield WorkerError(worker, ModelError(message, hint="Install the same release on all machines."))
                return
            actor.call, actor.stage = actor.handle.load.remote(), "load"
            return
        if isinstance(gave, Failure):
            yield WorkerError(worker, gave.error(_place(actor)))
            return
        self._identity = self._identity or gave.identity
        if gave.identity != self._identity:
            yield WorkerError(worker, _another_model(actor))
            return
        self.facts, actor.call = self.facts or gave, None
        yield WorkerReady(worker)

    def _ended(self, worker: WorkerId, actor: _Actor, error: Exception) -> Iterator[Event]:
        """A worker or its machine is gone: another takes its place, unless none ever gets its model read."""
        self._actors.pop(worker, None)
        self.lost += 1
        # It may live on where its machine alone cannot be reached, and would keep its devices.
        self._ray.kill(actor.handle)
        why = _line(error)
        log.warning("%sa worker ended (%s); another takes its place.", _place(actor), why)
        failures = 0 if actor.stage == "compute" else actor.failures + 1
        if failures >= STARTS:
            yield WorkerError(worker, _no_start(actor, why))
            return
        self._add(failures)
        yield WorkerLoss(worker, why, actor.begun)

    def _grow(self) -> None:
        """Add workers where the cluster has become larger, if it was not said how many there shall be."""
        now = time.monotonic()
        if not self._needs.grows or not self._needs.gpus or now - self._looked < GROWTH_SECONDS:
            return
        self._looked = now
        more = room(live_nodes(self._ray), self._needs.gpus, self._needs.cpus) - self.count
        if more > 0:
            log.info("The cluster has room for %s.", counted(more, "more worker"))
            for _ in range(more):
                self._add()

    def _check_wait(self) -> None:
        waits = all(actor.stage == "hello" for actor in self._actors.values())
        if waits and time.monotonic() - self._began > self._wait:
            raise ModelError(
                f"No worker has started within {self._wait:,.0f} seconds: the cluster has no room for one.",
                hint="'ray status' shows what is in use. worker_wait=SECONDS in --model_args waits longer.",
            )


def _place(actor: _Actor) -> str:
    return f"On {actor.node}: " if actor.node else ""


def _no_start(actor: _Actor, why: str) -> ModelError:
    """Workers that end before they respond, one after the other."""
    if actor.stage == "hello":
        # Before anything of ours ran there: another's cluster that was found on this machine and is ending, say.
        message = f"{STARTS} workers in a row ended before they began: {why}"
        return ModelError(message, hint="'ray status' shows the cluster; --ray local starts one for this run alone.")
    message = f"{STARTS} workers in a row ended while they read the model: {why}"
    return ModelError(message, hint="Ray's logs have more; too little memory is usual.")


def _another_model(actor: _Actor) -> ModelError:
    return ModelError(
        f"{_place(actor)}the model is another one than that of this run.",
        hint="Its files, packages and variables of the environment must be the same on all machines.",
    )


def _line(error: Exception) -> str:
    """The first lines of one of Ray's errors that say something."""
    cause = getattr(error, "cause", None)
    text = error_text(cause if isinstance(cause, Exception) else error).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("\t")]
    return redact_text(" ".join(lines)[:300]) or type(error).__name__
