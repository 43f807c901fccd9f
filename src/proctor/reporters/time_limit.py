"""Calls of a tracker's package, each with a time limit: a server that never responds must not hold up a run."""

# Why a thread
# ------------
# Some packages wait without a limit (huggingface_hub), some try for days (wandb's upload), and none can be interrupted
# from outside. So all calls for one run are made in one thread (Trackio finds its run in a variable of the context),
# and the caller waits as long as a step may take. What still runs then is left behind: the thread keeps no process
# alive, and the command ends without waiting for the handlers that the package has registered for its end.
#
# Invariant: a call returns, raises what the function raised, or raises TimeLimitError; a stop by Ctrl-C gets through at
# once. After a call that was left, no further one is made in the thread.

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any

from proctor.errors import UsageError

VARIABLE = "PROCTOR_SEND_SECONDS"
SECONDS = 120
BYTES_PER_SECOND = 100_000
"""What an upload must at least achieve: a step has a second more for each 100 kB of the run's files."""

_left = threading.Event()


class TimeLimitError(Exception):
    """A call that took longer than it may."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"a call took longer than {seconds:,.0f} seconds")


class LimitedThread:
    """One thread in which calls are made one after the other, each with a limit."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._is_left = False
        self._thread = threading.Thread(target=self._work, name="proctor-reporter", daemon=True)
        self._thread.start()

    def call(self, seconds: float | None, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function returns.

        Args:
            seconds: How long it may take, or None.
            function: It runs in the thread.
            arguments: Its arguments.

        Raises:
            TimeLimitError: It took longer, now or in an earlier call.
        """
        if self._is_left:
            raise TimeLimitError(0)
        outcome, streams = Future[Any](), (sys.stdout, sys.stderr)
        self._calls.put((outcome, function, arguments))
        try:
            wait([outcome], timeout=seconds)
        finally:  # by a stop, too
            if not outcome.done():
                self._is_left = True
                _left.set()
                sys.stdout, sys.stderr = streams  # the call may have replaced them, and cannot put them back
        if self._is_left:
            raise TimeLimitError(seconds or 0)
        return outcome.result()

    def close(self) -> None:
        """End the thread, once it has nothing to do."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            outcome, function, arguments = call
            try:
                outcome.set_result(function(*arguments))
            except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
                outcome.set_exception(error)


def step_seconds(size: int) -> float:
    """How long one step of a reporter may take.

    Args:
        size: Bytes of the files of the run.

    Raises:
        UsageError: The variable of the environment that sets it is no number above 0.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return SECONDS + size / BYTES_PER_SECOND
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise UsageError(f"{VARIABLE} is {given!r}; it must be a number of seconds above 0.")
    return seconds


def is_left_behind() -> bool:
    """Whether a call still runs that nobody waits for: a process that waits for all of its threads might not end."""
    return _left.is_set()
