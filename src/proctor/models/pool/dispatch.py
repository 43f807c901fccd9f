"""Units of requests go to workers, responses come back, and what a lost worker had in hand is dealt anew. Pure."""

# The work queue
# --------------
#             take                      note                     finish
#   queue ------------> in hand ------------------> responses ------------> next unit
#     ^                    |
#     +---- lose ----------+        what had been answered of it is not asked again
#
# A worker that is lost gives its unit back to the front of the queue: it is the one that has waited longest. Of the
# unit only the requests that have no response yet are wanted, but it stays whole as a plan: a model that can resume
# computes a part with the numbers of the whole, so that a loss changes no score.
#
# A request may be what ends workers (a prompt that exhausts the memory, say). Dealt again and again it would end all of
# them. So a unit that ends DEATHS workers in a row, with no response in between, is set aside; all others are
# computed, so that their responses are stored, and then the run ends with a sentence. Deaths with progress in between
# do not count: on machines that are taken away every hour, a long unit may need several workers. Nor do workers that
# had not begun it: the machine of an idle worker may be gone before it is handed something (but LOSSES are too many).
#
# A model that raises an error on one machine (a broken device) may work on the next: its worker is replaced like one
# that ended. DEATHS errors with no response of anyone in between are the model's or the arguments', and end the run.
#
# Invariant: when nothing is left, each request has exactly one response, or is in a unit that was set aside.

from __future__ import annotations

import hashlib
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proctor.errors import ModelError, RequestError
from proctor.models.pool.events import (
    Work,
    WorkerDone,
    WorkerError,
    WorkerId,
    WorkerLoss,
    WorkerReady,
    WorkerResponses,
    Workers,
)
from proctor.models.protocols import Origin
from proctor.plurals import counted
from proctor.types import Request, Response

log = logging.getLogger("proctor")

DEATHS = 3
"""Workers that a unit may end in a row before it is set aside."""
LOSSES = 4 * DEATHS
"""Workers that may be lost with a unit in hand, begun or not, with no response in between."""


@dataclass(slots=True)
class _Unit:
    """A unit on its way: its requests, those of them without response, and whom it ended.

    Attributes:
        number: Its place in the plan.
        members: The places of its requests in the run.
        left: Places in ``members`` that are wanted.
        deaths: Workers that ended over it since its last response.
        losses: The same, with those that had not begun it.
        tries: How often it was handed out.
        why: How the last of them ended.
    """

    number: int
    members: Sequence[int]
    left: dict[int, None]
    deaths: int = 0
    losses: int = 0
    tries: int = 0
    why: str = ""


class Dispatch:
    """The queue of one call.

    Args:
        requests: All of them.
        units: Their places, unit by unit.
        missing: The places of those that are wanted.
        seed: For what is drawn at random.
        origins: What requests are about; one for each, or none.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        units: Sequence[Sequence[int]],
        missing: Sequence[int],
        *,
        seed: int = 0,
        origins: Sequence[Origin] = (),
    ) -> None:
        self._requests, self._origins, self._seed = requests, origins, seed
        wanted = None if len(missing) == len(requests) else frozenset(missing)
        self._queue: deque[_Unit] = deque()
        for number, members in enumerate(units):
            places = [at for at, place in enumerate(members) if wanted is None or place in wanted]
            if places:
                self._queue.append(_Unit(number, members, dict.fromkeys(places)))
        self._in_hand: dict[WorkerId, _Unit] = {}
        self._set_aside: list[_Unit] = []
        self._errors = 0

    @property
    def queued(self) -> int:
        """Units that nobody computes yet."""
        return len(self._queue)

    @property
    def is_over(self) -> bool:
        """Whether nothing is queued and nothing in hand."""
        return not self._queue and not self._in_hand

    def take(self, worker: WorkerId) -> Work | None:
        """The next unit for a worker; None: there is none, for now."""
        if not self._queue:
            return None
        unit = self._in_hand[worker] = self._queue.popleft()
        unit.tries += 1
        return Work(
            [self._requests[place] for place in unit.members],
            list(unit.left),
            self._seed_of(unit),
            [self._origins[place] for place in unit.members] if self._origins else (),
        )

    def note(self, worker: WorkerId, pairs: Sequence[tuple[int, Response]]) -> Iterator[tuple[int, Response]]:
        """Responses under the places of the run; a second one to the same request is dropped."""
        unit = self._in_hand[worker]
        for at, response in pairs:
            if at in unit.left:
                del unit.left[at]
                yield unit.members[at], response
        unit.deaths = unit.losses = self._errors = 0

    def finish(self, worker: WorkerId) -> None:
        """A worker is done with its unit.

        Raises:
            RequestError: It left requests out.
        """
        unit = self._in_hand.pop(worker, None)
        if unit is not None and unit.left:
            raise RequestError(unit.members[next(iter(unit.left))], "the model gave no response to it.")

    def lose(self, worker: WorkerId, why: str, *, begun: bool = True) -> None:
        """A worker has ended: what is left of its unit, begun or not, goes to the next one, or is set aside."""
        unit = self._in_hand.pop(worker, None)
        if unit is None or not unit.left:
            return
        unit.deaths, unit.losses, unit.why = unit.deaths + begun, unit.losses + 1, why
        if unit.deaths < DEATHS and unit.losses < LOSSES:
            self._queue.appendleft(unit)
        else:
            self._set_aside.append(unit)

    def fail(self, failed: WorkerError) -> None:
        """A worker's model raised an error: another worker may not, unless the request or the arguments are wrong.

        Raises:
            ProctorError: They are, or the worker had no model yet; or errors follow each other with no response in
                between.
        """
        error, unit = failed.error, self._in_hand.get(failed.worker)
        if isinstance(error, RequestError) and unit is not None:
            raise RequestError(unit.members[error.request], error.message, hint=error.hint) from error
        self._errors += 1
        if unit is None or not isinstance(error, ModelError) or self._errors >= DEATHS:
            raise error
        log.warning("A worker failed and is replaced: %s", error.message)
        self.lose(failed.worker, error.message)

    def check(self) -> None:
        """Raise what the units that were set aside mean, when all others are done.

        Raises:
            RequestError: There are some; it names the first request of the first of them.
        """
        if not self._set_aside:
            return
        first = self._set_aside[0]
        left = sum(len(unit.left) for unit in self._set_aside)
        others = counted(left - 1, "other that was", "others that were")
        where = "on it" if left == 1 else f"on it, or on one of {others} computed with it"
        raise RequestError(
            first.members[next(iter(first.left))],
            f"{DEATHS} workers in a row ended {where}: {first.why}",
            hint="All other responses are cached, if the run has a store. The same command asks for these alone.",
        )

    def _seed_of(self, unit: _Unit) -> int:
        # Another seed for each try: what is drawn again would repeat what was drawn before for other requests.
        state = repr((self._seed, unit.number, unit.tries)).encode()
        return int.from_bytes(hashlib.sha256(state).digest()[:4], "little")


def respond_by(workers: Workers, dispatch: Dispatch) -> Iterator[tuple[int, Response]]:
    """All responses of a queue, as they come.

    Args:
        workers: Who computes them.
        dispatch: The queue.

    Raises:
        ProctorError: A worker's model failed, or requests ended workers again and again.
    """

    def hand(worker: WorkerId) -> None:
        work = dispatch.take(worker)
        if work is not None:
            workers.start(worker, work)

    def hand_to_idle() -> None:
        if dispatch.queued:
            for worker in workers.idle():
                hand(worker)

    hand_to_idle()
    while not dispatch.is_over:
        for event in workers.events():
            if isinstance(event, WorkerResponses):
                yield from dispatch.note(event.worker, event.pairs)
            elif isinstance(event, WorkerDone):
                dispatch.finish(event.worker)
                hand(event.worker)
            elif isinstance(event, WorkerReady):
                hand(event.worker)
            elif isinstance(event, WorkerLoss):
                dispatch.lose(event.worker, event.why, begun=event.begun)
                # The unit is back in the queue, and others may wait for one.
                hand_to_idle()
            else:
                dispatch.fail(event)
                workers.discard(event.worker)
                hand_to_idle()
    dispatch.check()
