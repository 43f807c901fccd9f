"""What workers of a pool do, as the pool sees it: values, and nothing of Ray."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from proctor.errors import ProctorError
from proctor.models.protocols import Origin
from proctor.types import Request, Response

WorkerId: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker computes at a time.

    Attributes:
        requests: Those of a whole unit, so that its numbers do not depend on what is left of it.
        missing: The places in ``requests`` of those that are wanted.
        seed: For what is drawn at random.
        origins: What the requests are about, for a model that takes that; one for each of ``requests``, or none.
    """

    requests: Sequence[Request]
    missing: Sequence[int]
    seed: int
    origins: Sequence[Origin] = ()


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """A worker has read its model, and waits for work."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class WorkerResponses:
    """Some responses of the work in hand, each with the place of its request in :attr:`Work.requests`."""

    worker: WorkerId
    pairs: Sequence[tuple[int, Response]]


@dataclass(frozen=True, slots=True)
class WorkerDone:
    """A worker has computed all of its work, and waits for more."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class WorkerLoss:
    """A worker has ended, or its machine has; whatever it had in hand is not computed.

    Attributes:
        worker: Which one.
        why: One line.
        begun: Whether it had begun what it had in hand: only then that may be what ended it.
    """

    worker: WorkerId
    why: str
    begun: bool = True


@dataclass(frozen=True, slots=True)
class WorkerError:
    """A worker's model raised an error."""

    worker: WorkerId
    error: ProctorError


Event: TypeAlias = WorkerReady | WorkerResponses | WorkerDone | WorkerLoss | WorkerError


class Workers(Protocol):
    """Copies of a model. One that is lost is replaced by its owner; the new one has another number."""

    def start(self, worker: WorkerId, work: Work) -> None:
        """Hand work to a worker that waits for some."""
        ...

    def idle(self) -> Sequence[WorkerId]:
        """Those that wait for work."""
        ...

    def events(self) -> Iterator[Event]:
        """What has happened since; waits until something has, or for about a second."""
        ...

    def discard(self, worker: WorkerId) -> None:
        """End a worker that cannot go on, and replace it."""
        ...

    def reports(self) -> Sequence[Mapping[str, Any]]:
        """What each worker's model says of how it responded, those included that are lost by now."""
        ...
