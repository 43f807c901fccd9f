"""One worker of a pool: a process with one model, which computes what it is handed and streams the responses back.

Nothing heavy is imported here, and nothing of Ray: the process sets its environment first.
"""

# From a worker to the pool
# -------------------------
# Responses travel in batches: one message for each would cost the pool's process more than all else that it does with
# a response. A batch is sent when it is full, or SECONDS after its first response has come, whichever is first. The
# model computes in a thread of its own, so that a response does not wait for the next one, which may take minutes; all
# of the model is in that one thread, for devices and generators that a thread has for itself. So what is lost with a
# worker is what it was computing, and a moment's responses.
#
#   model's thread   pair, pair, ... end ---> outbox
#   Ray's thread                              outbox ---> batch, batch, ..., the last one with the report or the error
#
# The first batch of some work is empty: it shows that the work was begun. A worker that is lost before (with its
# machine, while it waited for work) was not ended by the requests.
#
# Errors travel as values, too (:class:`Failure`): Ray would wrap an exception into one of its own, with the traceback
# of a process that the user has never seen.

from __future__ import annotations

import logging
import os
import queue
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import proctor
from proctor.errors import ModelError, ProctorError, RequestError, UsageError, error_line
from proctor.models import MODELS, open_model
from proctor.models.kinds import ModelKind, Opener
from proctor.models.pool.events import Work
from proctor.models.protocols import IdentifiedModel, Model, OriginModel, ResumableModel
from proctor.secrets import note, redact_text
from proctor.types import Response

log = logging.getLogger("proctor")

SECONDS = 0.25
"""Seconds for which a response waits for others, at most."""
FULL = 512
"""Responses of a full batch."""
REMOVED = "VLLM_DP_"
"""Variables of an engine that is itself one of several: in a worker they would make it wait for the others."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a worker opens its model with.

    Attributes:
        kind: The name of the kind of model.
        args: Its arguments, without the pool's.
        settings: The keywords of :func:`proctor.models.open_model`.
        row: What stands for the kind, where that is code that the worker's machine need not have; None: its own table.
        environment: Variables that are set where they are absent.
        folder: Where relative paths begin, if the machine has that folder; None: wherever it starts.
    """

    kind: str
    args: Mapping[str, Any]
    settings: Mapping[str, Any]
    row: ModelKind | Opener | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What a worker says of itself when its model is open.

    Attributes:
        info: The model's facts for the results file.
        identity: What the model's responses depend on; None where the model does not say.
    """

    info: Mapping[str, Any]
    identity: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of ours, as a value.

    Attributes:
        message: The sentence.
        hint: What to do.
        request: The place in the work of the request that cannot be answered; None: it is not about one.
        usage: Whether the arguments are wrong, on whatever machine.
    """

    message: str
    hint: str | None = None
    request: int | None = None
    usage: bool = False

    @classmethod
    def of(cls, error: ProctorError) -> Failure:
        """The value for an error."""
        request = error.request if isinstance(error, RequestError) else None
        return cls(error.message, error.hint, request, isinstance(error, UsageError))

    @classmethod
    def of_others(cls, what: str, error: BaseException) -> Failure:
        """The value for an error of other people's code; ``what`` failed."""
        hint = "What a model imports must be installed on each machine, or lie in working_dir=FOLDER of --model_args."
        missing = isinstance(error, ModuleNotFoundError)
        return cls(f"{what}: {redact_text(error_line(error))}", hint if missing else None)

    def error(self, place: str = "") -> ProctorError:
        """The error again; ``place``: what stands before its sentence."""
        if self.request is not None:
            return RequestError(self.request, self.message, hint=self.hint)
        return (UsageError if self.usage else ModelError)(f"{place}{self.message}", hint=self.hint)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a worker sends.

    Attributes:
        pairs: Responses, each with the place of its request in the work.
        warnings: What its model warned of since the last one.
        failure: Why it computes nothing more.
        report: With the last batch: how the model responded so far.
    """

    pairs: Sequence[tuple[int, Response]] = ()
    warnings: Sequence[str] = ()
    failure: Failure | None = None
    report: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _End:
    """The end of some work: how the model responded so far, and why it computes nothing more."""

    report: Mapping[str, Any] | None
    failure: Failure | None


_Outbox: TypeAlias = "queue.SimpleQueue[tuple[int, Response] | _End]"
_Value = TypeVar("_Value")


class Worker:
    """The process of one copy of a model."""

    def __init__(self, opening: Opening) -> None:
        # Before anything is imported that reads them.
        for name in [name for name in os.environ if name.startswith(REMOVED)]:
            del os.environ[name]
        for name, value in opening.environment.items():
            os.environ.setdefault(name, value)
        if opening.folder is not None:
            with suppress(OSError):
                os.chdir(opening.folder)
        note(opening.args)
        self._opening = opening
        self._model: Model | None = None
        self._warnings = _Warnings()
        self._thread = ThreadPoolExecutor(1, "proctor-model")
        log.handlers[:] = [self._warnings]
        log.propagate = False

    def hello(self) -> tuple[str, str]:
        """The release of proctor on this machine, and the machine's name."""
        return proctor.__version__, os.uname().nodename

    def load(self) -> WorkerFacts | Failure:
        """Read the model; an error that can be said in a sentence is returned."""
        return self._by_model(self._load)

    def compute(self, work: Work) -> Iterator[Batch]:
        """Respond to what is missing of some work.

        Args:
            work: What to compute.
        """
        outbox: _Outbox = queue.SimpleQueue()
        unwanted = threading.Event()
        self._thread.submit(self._fill, outbox, work, unwanted)
        try:
            yield Batch()
            end: _End | None = None
            while end is None:
                pairs, end = _gather(outbox)
                failure, report = (None, None) if end is None else (end.failure, end.report)
                yield Batch(pairs, self._warnings.take(), failure, report)
        finally:
            unwanted.set()

    def close(self) -> None:
        """Free what the model holds."""
        if self._model is not None:
            self._by_model(self._model.close)

    def _by_model(self, call: Callable[[], _Value]) -> _Value:
        """What a call gives in the model's thread."""
        return self._thread.submit(call).result()

    def _load(self) -> WorkerFacts | Failure:
        opening = self._opening
        try:
            if opening.row is not None:
                MODELS.put(opening.kind, opening.row)
            # Its identity comes from small files, and is that of the process that computes the keys of the store.
            lazy = open_model(opening.kind, opening.args, **opening.settings, lazily=True)
            identity = lazy.identity if isinstance(lazy, IdentifiedModel) else None
            load = getattr(lazy, "load", None)
            if load is not None:
                load()
            self._model = lazy
            return WorkerFacts(lazy.info, identity)
        except ProctorError as error:
            return Failure.of(error)
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises
            return Failure.of_others("The model cannot be opened", error)

    def _fill(self, outbox: _Outbox, work: Work, unwanted: threading.Event) -> None:
        """Put the responses into an outbox as they come, and then the end; nothing may leave this unsaid."""
        failure: Failure | None = None
        report: Mapping[str, Any] | None = None
        try:
            _seed(work.seed)
            for pair in self._responses(work):
                outbox.put(pair)
                if unwanted.is_set():
                    break
        except ProctorError as error:
            failure = Failure.of(error)
        except BaseException as error:  # noqa: BLE001 - whatever a plugin raises, the end of the process included
            failure = Failure.of_others("The model failed while it responded", error)
        try:
            report = None if self._model is None else self._model.report()
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises
            failure = failure or Failure.of_others("The model's report failed", error)
        outbox.put(_End(report, failure))

    def _responses(self, work: Work) -> Iterator[tuple[int, Response]]:
        model = self._model
        if model is None:
            raise ModelError("This worker has no model.")
        if isinstance(model, ResumableModel):
            yield from model.resume(work.requests, work.missing)
            return
        requests = [work.requests[place] for place in work.missing]
        if work.origins and isinstance(model, OriginModel):
            responses = model.respond_about(requests, [work.origins[place] for place in work.missing])
        else:
            responses = model.respond(requests)
        for number, response in responses:
            yield work.missing[number], response


class _Warnings(logging.Handler):
    """Keeps what is warned of until it is sent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._texts: deque[str] = deque()

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(record.getMessage())

    def take(self) -> list[str]:
        """What has come since."""
        return [self._texts.popleft() for _ in range(len(self._texts))]


def _gather(outbox: _Outbox) -> tuple[list[tuple[int, Response]], _End | None]:
    """The next responses, and the end where it has come: waits for one, and then for a moment for others."""
    pairs: list[tuple[int, Response]] = []
    one = outbox.get()
    deadline = time.monotonic() + SECONDS
    while not isinstance(one, _End):
        pairs.append(one)
        try:
            one = None if len(pairs) >= FULL else outbox.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            one = None
        if one is None:
            return pairs, None
    return pairs, one


def _seed(seed: int) -> None:
    """Seed what models draw from; a generator that nobody has imported is not."""
    random.seed(seed)
    for name, attribute in (("numpy.random", "seed"), ("torch", "manual_seed")):
        if name in sys.modules:
            getattr(sys.modules[name], attribute)(seed)
