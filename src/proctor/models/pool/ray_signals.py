"""Signals while Ray starts and ends in this process."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("proctor")


@contextmanager
def own_signals() -> Iterator[None]:
    """Put handlers of signals back to what they were: Ray sets its own, by which a run would end without its store."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        try:
            for number, handler in before.items():
                signal.signal(number, handler)
        except ValueError:
            # Not the main thread, in which alone handlers are set; Ray has set none either.
            log.debug("The handlers of signals are those of the main thread.")


@contextmanager
def signals_later() -> Iterator[None]:
    """Let a signal act afterwards: a process that has left Ray by half is ended by Ray with 1 when it leaves again."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = list[int]()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)
