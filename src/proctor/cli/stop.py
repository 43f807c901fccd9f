"""Stopping from outside: by the keyboard, or by SIGTERM, which batch systems send some time before they kill."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class SigtermError(KeyboardInterrupt):
    """SIGTERM: everything ends as it does for the keyboard."""


@contextmanager
def raise_on_sigterm() -> Iterator[None]:
    """Let SIGTERM stop the work within as Ctrl-C does, so that what was answered is kept."""
    # Python sets handlers in the main thread only; elsewhere the caller's own handling stays.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise SigtermError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def report_stop(stop: KeyboardInterrupt, *, last: bool = False) -> int:
    """Say in a sentence that, and where, the work stopped; the exit code that shells expect.

    ``last``: the process ends now. Whoever is impatient is heard no more, and the command that does the work again
    is named, if nobody has yet.
    """
    if last:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        add_command_note(stop, "the same command begins again")
    # Ctrl-C while a run winds up raises another KeyboardInterrupt: the first may carry what is stored.
    stops = _stops(stop)
    terminated = isinstance(stops[-1], SigtermError)
    sentence = "stopped by SIGTERM." if terminated else "stopped by the keyboard."
    notes = [note for one in stops for note in getattr(one, "__notes__", ())]
    said = [note[:1].upper() + note[1:] for note in notes[-1:]]
    print(" ".join(["proctor:", sentence, *said]), file=sys.stderr)
    return 128 + (signal.SIGTERM if terminated else signal.SIGINT)


def add_command_note(stop: KeyboardInterrupt, what: str) -> None:
    """Name the command that does the work, where nobody has yet said more than that."""
    if not any(getattr(one, "__notes__", ()) for one in _stops(stop)):
        from proctor.run.command import command_line

        stop.add_note(f"{what}: {command_line()}")


def _stops(stop: BaseException) -> list[BaseException]:
    """A stop and those before it: whoever is impatient stops the stopping too."""
    found: list[BaseException] = []
    error: BaseException | None = stop
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return [one for one in found if isinstance(one, KeyboardInterrupt)]
