"""What a rank other than 0 does: it opens the model, responds to what rank 0 sends, and ends with rank 0."""

# The main thread computes; a thread of the channel receives. Rank 0 knows tasks, documents, store and files; here are
# requests and a model, and nothing that could be lost. So this process may end at any moment:
#
#   EndFrame               the run is over: at once where something is being computed, for nobody wants it
#   rank 0 is gone         at once, with a sentence
#   an error of the model  goes to rank 0, which ends the run with it
#   a signal               rank 0 is notified, and ends the run: a launcher that is stopped by Ctrl-C signals all ranks,
#                          and this one must not look as if it had died while rank 0 stores what has arrived

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from proctor.errors import ProctorError, RequestError, error_line
from proctor.models.pool.channel import GOODBYE, Channel, Pipe
from proctor.models.pool.frames import (
    CloseFrame,
    DoneFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    LoadFrame,
    OpenFrame,
    ResponsesFrame,
    StopFrame,
    WorkFrame,
)
from proctor.models.pool.identities import identity_digest
from proctor.models.protocols import IdentifiedModel, LoadableModel, Model, ResumableModel

log = logging.getLogger("proctor")

OpenSettings = Callable[[Mapping[str, Any]], Model]
"""From the settings of a model to the model, on this rank's device."""


def serve(rank: int, pipe: Pipe, open_settings: OpenSettings) -> int:
    """Respond until rank 0 ends the run.

    Args:
        rank: This process.
        pipe: The way to rank 0.
        open_settings: Opens a model.

    Returns:
        The exit code of this process.

    Raises:
        KeyboardInterrupt: A signal arrived; rank 0 knows of it.
    """
    worker = _Worker(rank, open_settings)
    channel = worker.channel = Channel(pipe, worker.take, worker.leave)
    try:
        while not isinstance(frame := worker.inbox.get(), EndFrame):
            worker.handle(frame)
    except KeyboardInterrupt:
        channel.send(StopFrame())
        worker.ended.wait(GOODBYE)
        channel.finish()
        raise
    worker.close()
    channel.finish()
    return int(frame.failed)


class _Worker:
    channel: Channel

    def __init__(self, rank: int, open_settings: OpenSettings) -> None:
        self._rank = rank
        self._open_settings = open_settings
        self._model: Model | None = None
        self._digest: str | None = None
        self._busy = threading.Event()
        self.inbox: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self.ended = threading.Event()

    def take(self, frame: Frame) -> None:
        """A frame of rank 0, in the channel's thread."""
        if not isinstance(frame, EndFrame):
            self.inbox.put(frame)
            return
        self.ended.set()
        if self._busy.is_set():
            _leave_now(int(frame.failed))
        self.inbox.put(frame)

    def leave(self, reason: str) -> None:
        """Rank 0 is gone, in the channel's thread."""
        self.ended.set()
        log.error("Rank 0 has ended: %s. This rank ends, too.", reason)
        _leave_now(1)

    def handle(self, frame: Frame) -> None:
        """Do what rank 0 wants; an error goes back to it."""
        number = frame.number if isinstance(frame, OpenFrame | LoadFrame | WorkFrame) else 0
        self._busy.set()
        if self.ended.is_set():
            return
        try:
            self._handle(frame)
        except RequestError as error:
            self._fail(ErrorFrame(number, error.message, error.hint, error.request))
        except ProctorError as error:
            self._fail(ErrorFrame(number, error.message, error.hint))
        except Exception as error:
            # A model's own code raises what it likes: rank 0 ends the run with it.
            log.debug("Where the model failed:", exc_info=True)
            self._fail(ErrorFrame(number, f"The model failed: {error_line(error)}"))
        finally:
            self._busy.clear()

    def _fail(self, frame: ErrorFrame) -> None:
        self.channel.send(frame)
        leave_team()

    def _handle(self, frame: Frame) -> None:
        if isinstance(frame, OpenFrame):
            self.close()
            self._model = self._open_settings(frame.settings)
        elif isinstance(frame, LoadFrame) and isinstance(self._model, LoadableModel):
            self._model.load()
        elif isinstance(frame, CloseFrame):
            self.close()
        elif isinstance(frame, WorkFrame):
            self._respond(frame)

    def _respond(self, work: WorkFrame) -> None:
        model = self._model
        if not isinstance(model, ResumableModel):
            raise ProctorError("Work came before a model.")
        if work.digest and work.digest != self._own_digest():
            raise ProctorError(
                "The model on this machine is another one than on rank 0's: its files or its libraries differ.",
                hint="Give all machines the same checkpoint and the same installation.",
            )
        seed_torch(work.seed)
        for pair in model.resume(work.requests, work.missing):
            if not work.silent:
                self.channel.send(ResponsesFrame(work.number, (pair,)))
        if not work.silent:
            self.channel.send(DoneFrame(work.number, dict(model.report())))

    def _own_digest(self) -> str:
        if self._digest is None:
            self._digest = identity_digest(self._model.identity if isinstance(self._model, IdentifiedModel) else None)
        return self._digest

    def close(self) -> None:
        """Free the model."""
        if self._model is not None:
            self._model.close()
        self._model = self._digest = None


def seed_torch(seed: int) -> None:
    """Ranks draw different numbers: two repeats of one request must not get the same text.

    Args:
        seed: Of a rank; of all ranks that hold one model together.
    """
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def leave_team() -> None:
    """Compute no more with the other ranks of this one's team, if there are some: they would wait for this one."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def _leave_now(code: int) -> None:
    """End this process from a thread, whatever the main thread is in."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
