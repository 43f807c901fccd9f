"""The other ranks, as rank 0 has them: what is sent to them, what has arrived, and whether one is lost."""

# A rank that is lost ends the run. Its loss stands in the inbox behind whatever it sent before, so that rank 0 comes by
# it where it takes responses; and in ``loss``, where a stop finds it: a launcher that sees a process die stops the
# others. If rank 0 is within a long computation meanwhile, it is interrupted as by Ctrl-C (``NOTICE``). Where that does
# not help, because it waits in a device's library for the rank that is lost, it ends without cleaning up (``LAST``).
#
# A rank that holds a part of rank 0's model and reports an error is lost in the same way: it has left the pass in which
# rank 0 waits for it.

from __future__ import annotations

import _thread
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from proctor.errors import ModelError
from proctor.models.pool.channel import GOODBYE, Channel, Pipe
from proctor.models.pool.frames import EndFrame, ErrorFrame, Frame, FrameError, OpenFrame, StopFrame
from proctor.models.pool.teams import JoinTeam

log = logging.getLogger("proctor")

NOTICE = 8.0
"""Seconds after the loss of a rank in which rank 0 has to come by; then what it computes is interrupted."""
LAST = 6.0
"""Seconds after that in which the interruption has to be noticed."""
GRACE = 3.0
"""Seconds between a signal to another rank and the end of the run: Ctrl-C reaches all ranks, and rank 0 reports it."""


AGAIN = "The same command goes on with what is missing, if the run has a store."


class RankGroup:
    """The other ranks, as rank 0 has them. A context: the ranks end with it.

    Args:
        pipes: The way to each other rank.
        join_team: Meets the ranks that hold a part of the same model as this one.

    Attributes:
        inbox: What has arrived, and from which rank.
        computing: Set while this rank computes.
        loss: Why the run cannot go on; None: it can.
        team: The ranks that hold a part of this rank's model, this one included.
        number: Counts the models and calls, so that late frames are known by theirs.
    """

    def __init__(self, pipes: Mapping[int, Pipe], join_team: JoinTeam) -> None:
        self.join_team = join_team
        self.inbox: queue.SimpleQueue[tuple[int, Frame]] = queue.SimpleQueue()
        self.computing = threading.Event()
        self.loss: ModelError | None = None
        self.team = range(1)
        self.number = 0
        self._ended = False
        self._channels = {rank: self._channel(rank, pipe) for rank, pipe in pipes.items()}

    def _channel(self, rank: int, pipe: Pipe) -> Channel:
        return Channel(pipe, lambda frame: self._take(rank, frame), lambda reason: self._lose(rank, reason))

    @property
    def size(self) -> int:
        """How many ranks there are, this one included."""
        return 1 + len(self._channels)

    @property
    def others(self) -> tuple[int, ...]:
        """The other ranks."""
        return tuple(self._channels)

    def send(self, rank: int, frame: Frame) -> None:
        """Send a frame to a rank."""
        self._channels[rank].send(frame)

    def send_all(self, frame: Frame) -> None:
        """Send a frame to each rank."""
        for rank in self._channels:
            self.send(rank, frame)

    def open(self, settings: Mapping[str, Any]) -> None:
        """Let each of them open a model.

        Args:
            settings: As :class:`proctor.models.pool.frames.OpenFrame` has them.

        Raises:
            ModelError: They cannot be sent.
        """
        self.number += 1
        try:
            self.send_all(OpenFrame(settings, self.number))
        except FrameError as error:
            raise ModelError(f"The model's arguments cannot be sent to other ranks: {error}.") from error

    def end(self, *, failed: bool) -> None:
        """End all ranks, and wait until they have ended, but not for long."""
        if self._ended:
            return
        self._ended = True
        self.send_all(EndFrame(failed))
        deadline = time.monotonic() + GOODBYE
        for channel in self._channels.values():
            channel.finish(max(0.0, deadline - time.monotonic()))

    def _take(self, rank: int, frame: Frame) -> None:
        if isinstance(frame, StopFrame):
            time.sleep(GRACE)
            self._lose(rank, "it was stopped by a signal")
        elif isinstance(frame, ErrorFrame) and frame.request is None and rank in self.team:
            self._break(rank, f": {frame.message}", frame)
        else:
            self.inbox.put((rank, frame))

    def _lose(self, rank: int, reason: str) -> None:
        self._break(rank, f" has ended: {reason}.", ErrorFrame(0, reason))

    def _break(self, rank: int, what: str, frame: ErrorFrame) -> None:
        """A rank is gone: the first of them ends the run."""
        if self._ended or self.loss is not None:
            return
        self.loss = ModelError(f"Rank {rank} of {self.size}{what}", hint=frame.hint or AGAIN)
        self.inbox.put((rank, frame))
        timer = threading.Timer(NOTICE, self._interrupt)
        timer.daemon = True
        timer.start()

    def _interrupt(self) -> None:
        """A pass that takes minutes does not look into the inbox, and one that waits for a lost rank never ends."""
        if self.computing.is_set() and not self._ended:
            _thread.interrupt_main()
            time.sleep(LAST)
        if self.computing.is_set() and not self._ended:
            log.error("%s", self.loss)
            _leave_now()


def _leave_now() -> None:
    """End this process from a thread, whatever the main thread is in."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
