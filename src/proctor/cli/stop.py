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

    before, report_lost = signal.signal(signal.SIGTERM, stop), sys.unraisablehook

    def deliver_again(lost: sys.UnraisableHookArgs) -> None:
        # Python runs a signal's handler between any two instructions of the main thread. Within the callback of a weak
        # reference, or a __del__, what it raises goes no further, and the stop would be lost: so it is sent again,
        # from another thread and a little later, when the callback is over.
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            report_lost(lost)
            return
        number = signal.SIGTERM if isinstance(lost.exc_value, SigtermError) else signal.SIGINT
        main = threading.main_thread().ident or 0
        again = threading.Timer(0.05, signal.pthread_kill, (main, number))
        again.daemon = True
        again.start()

    sys.unraisablehook = deliver_again
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        sys.unraisablehook = report_lost


def report_stop(stop: KeyboardInterrupt, *, last: bool = False) -> int:
    """Say in a sentence that, and where, the work stopped; the exit code that shells expect.

    ``last``: the process ends now. Whoever is impatient is heard no more, and the command that does the work again
    is named, if nobody has yet. Of the processes of a launcher rank 0 alone says it.
    """
    from proctor.cli.launcher import is_other_rank

    if last:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        add_command_note(stop, "the same command begins again")
    # Ctrl-C while a run winds up raises another KeyboardInterrupt: the first may carry what is stored.
    stops = _stops(stop)
    terminated = isinstance(stops[-1], SigtermError)
    sentence = "stopped by SIGTERM." if terminated else "stopped by the keyboard."
    code = 128 + (signal.SIGTERM if terminated else signal.SIGINT)
    if is_other_rank():
        return code
    notes = [note for one in stops for note in getattr(one, "__notes__", ())]
    said = [note[:1].upper() + note[1:] for note in notes[-1:]]
    print(" ".join(["proctor:", sentence, *said]), file=sys.stderr)
    return code


def stop_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The stop that an error comes of, if it does.

    Before Python 3.12 whatever is raised while a class is made (in the ``__set_name__`` of a descriptor, which is
    much of what an import runs) is a RuntimeError whose cause it is.
    """
    stops = _stops(error)
    return stops[0] if stops else None


def add_command_note(stop: KeyboardInterrupt, what: str) -> None:
    """Name the command that does the work, where nobody has yet said more than that."""
    if not any(getattr(one, "__notes__", ()) for one in _stops(stop)):
        from proctor.run.command import command_line

        stop.add_note(f"{what}: {command_line()}")


def _stops(stop: BaseException) -> list[KeyboardInterrupt]:
    """A stop and those before it: whoever is impatient stops the stopping too."""
    errors: list[BaseException] = []
    error: BaseException | None = stop
    while error is not None and error not in errors:
        errors.append(error)
        error = error.__cause__ or error.__context__
    return [one for one in errors if isinstance(one, KeyboardInterrupt)]
