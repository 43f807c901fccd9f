"""Stopping from outside: by the keyboard, or by SIGTERM, which batch systems send some time before they kill."""

from __future__ import annotations

import os
import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class _SignalError(KeyboardInterrupt):
    """What a signal raises."""

    finalizer: weakref.finalize[..., _SignalError] | None = None


class SigtermError(_SignalError):
    """SIGTERM: everything ends as it does for the keyboard."""


class _SigintError(_SignalError):
    """Ctrl-C."""


# Python raises a signal's exception between any two instructions of the main thread, whatever code that is. Some code
# of others loses it: a bare `except:` goes on as if nothing had happened (so does the one around the hash of every
# transform of `datasets`), and what is raised in a `__del__` or the callback of a weak reference goes no further. The
# run would then go on to its end. So an exception that is freed while the command is still at work, and that nobody
# has acknowledged, was lost: its signal is sent again, from another thread and a little later, when that code is over.
#
# Invariant: within `raise_on_signals` a signal ends in `report_stop`, or somebody has acknowledged it.
class _Signals:
    """The handlers of SIGINT and SIGTERM while a command is at work."""

    def __init__(self) -> None:
        self.is_over = False

    def raise_stop(self, number: int, frame: FrameType | None) -> None:
        """The handler."""
        stop = SigtermError() if number == signal.SIGTERM else _SigintError()
        stop.finalizer = weakref.finalize(stop, self._send_again, number)
        stop.finalizer.atexit = False
        try:
            raise stop
        finally:
            del stop  # its traceback holds this frame: held by a name of it, it would never be freed

    def _send_again(self, number: int) -> None:
        again = threading.Timer(0.05, self._send, (number,))
        again.daemon = True
        again.start()

    def _send(self, number: int) -> None:
        if not self.is_over:
            signal.pthread_kill(threading.main_thread().ident or 0, number)


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """Let SIGTERM stop the work within as Ctrl-C does, so that what was answered is kept; neither is lost."""
    # Python sets handlers in the main thread only; elsewhere the caller's own handling stays.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals, report_lost = _Signals(), sys.unraisablehook

    def report_others(lost: sys.UnraisableHookArgs) -> None:
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            report_lost(lost)

    # Who started the command may have set SIGINT to be ignored (nohup, a script's background), or handles it.
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    numbers = (signal.SIGTERM, signal.SIGINT) if is_default else (signal.SIGTERM,)
    before = {number: signal.signal(number, signals.raise_stop) for number in numbers}
    sys.unraisablehook = report_others
    try:
        yield
    finally:
        signals.is_over = True
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = report_lost


def acknowledge(stop: KeyboardInterrupt) -> None:
    """Whoever catches a stop, does what it asks for and does not raise it again says so: it is not lost."""
    if isinstance(stop, _SignalError) and stop.finalizer is not None:
        stop.finalizer.detach()


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


def end_process(code: int) -> None:
    """End the process where a reporter was left that still waits: handlers of its package would wait for it again.

    Anywhere else nothing is done, and Python ends as it does.
    """
    limits = sys.modules.get("proctor.reporters.time_limit")
    if limits is None or not limits.is_left_behind():
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


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
        from proctor.run.command import command_note

        stop.add_note(command_note(what))


def _stops(stop: BaseException) -> list[KeyboardInterrupt]:
    """A stop and those before it: whoever is impatient stops the stopping too."""
    errors: list[BaseException] = []
    error: BaseException | None = stop
    while error is not None and error not in errors:
        errors.append(error)
        error = error.__cause__ or error.__context__
    return [one for one in errors if isinstance(one, KeyboardInterrupt)]
