"""Two processes of a pool that hold on to each other: frames in order, and word within seconds if one of them dies."""

# A channel has two threads: one sends what stands in a queue, one receives. Where nothing stands in the queue for
# ``BEAT`` seconds a sign of life is sent, so that silence means death: a pipe that hears nothing for ``SILENCE``
# seconds breaks. A process that is killed closes its end at once; silence is for machines that lose power or network.
#
# Responses that wait in the queue go out as one frame.
#
# Both sides say goodbye (``ByeFrame``) before they end. A thread that still waits for the network while Python shuts
# down would bring the process down with a signal; so both threads have ended when :meth:`Channel.finish` returns.
#
# Invariant: each end gets all frames in the order in which they were sent, or ``lost`` is called once.

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from proctor.errors import error_line
from proctor.models.pool.frames import BeatFrame, ByeFrame, Frame, FrameError, ResponsesFrame, decode, encode

log = logging.getLogger("proctor")

BEAT = 5.0
"""Seconds after which a process that has nothing to send shows that it lives."""
SILENCE = 45.0
"""Seconds without a sign of life after which a process counts as dead."""
PAIRS = 256
"""Responses of a frame."""
GOODBYE = 10.0
"""Seconds that a process waits for the others to say goodbye."""


class Pipe(Protocol):
    """One way to another process and back, for one thread each."""

    def send(self, data: bytes) -> None:
        """Send some bytes.

        Raises:
            Exception: The other end is gone.
        """
        ...

    def receive(self) -> bytes:
        """Wait for bytes, as they were sent.

        Raises:
            Exception: The other end is gone, or has been silent for too long.
        """
        ...


class Channel:
    """Frames to another process and back.

    Args:
        pipe: The way there.
        take: Called with each frame that arrives, in a thread of the channel.
        lost: Called once, in a thread of the channel, when the other end is gone without a goodbye: with the reason.
        beat: Seconds between signs of life.
    """

    def __init__(
        self, pipe: Pipe, take: Callable[[Frame], None], lost: Callable[[str], None], *, beat: float = BEAT
    ) -> None:
        self._pipe, self._take, self._lost, self._beat = pipe, take, lost, beat
        self._queue: queue.SimpleQueue[ResponsesFrame | ByeFrame | bytes] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, daemon=True, name="proctor-send")
        self._receiver = threading.Thread(target=self._receive_all, daemon=True, name="proctor-receive")
        self._sender.start()
        self._receiver.start()

    def send(self, frame: Frame) -> None:
        """Send a frame, some time: this returns at once.

        Args:
            frame: The frame.

        Raises:
            FrameError: It holds what cannot be sent.
        """
        self._queue.put(frame if isinstance(frame, ResponsesFrame | ByeFrame) else encode(frame))

    def finish(self, seconds: float = GOODBYE) -> bool:
        """Say goodbye, and wait until the other end has done so; whether it has.

        Args:
            seconds: The longest wait.
        """
        self.send(ByeFrame())
        for thread in (self._sender, self._receiver):
            if thread is not threading.current_thread():
                thread.join(seconds)
        return not self._receiver.is_alive()

    def _send_all(self) -> None:
        last: object = None
        while not isinstance(last, ByeFrame):
            waiting = self._waiting()
            last = waiting[-1]
            try:
                for one in waiting:
                    self._pipe.send(one if isinstance(one, bytes) else encode(one))
            except Exception as error:  # noqa: BLE001 - whatever a transport raises: the receiver reports the loss
                log.debug("Nothing can be sent: %s", error_line(error))
                return

    def _waiting(self) -> list[ResponsesFrame | ByeFrame | bytes]:
        """What stands in the queue, responses put together; a sign of life where nothing does."""
        try:
            waiting = [self._queue.get(timeout=self._beat)]
        except queue.Empty:
            return [encode(BeatFrame())]
        while not self._queue.empty() and not isinstance(waiting[-1], ByeFrame):
            one, last = self._queue.get(), waiting[-1]
            if (
                isinstance(one, ResponsesFrame)
                and isinstance(last, ResponsesFrame)
                and one.number == last.number
                and len(last.pairs) < PAIRS
            ):
                waiting[-1] = ResponsesFrame(one.number, (*last.pairs, *one.pairs))
            else:
                waiting.append(one)
        return waiting

    def _receive_all(self) -> None:
        while True:
            try:
                frame = decode(self._pipe.receive())
            except FrameError as error:
                self._lost(f"it sent what cannot be read ({error})")
                return
            except Exception as error:  # noqa: BLE001 - whatever a transport raises
                log.debug("Nothing can be received: %s", error_line(error))
                self._lost("its connection is closed")
                return
            if isinstance(frame, ByeFrame):
                return
            if not isinstance(frame, BeatFrame):
                self._take(frame)
