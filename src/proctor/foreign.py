"""Code that is not proctor's (tasks, models, plugins) and that tries to end the process.

``sys.exit(0)`` in such code would end a run as a success without a result: SystemExit, like every
BaseException, passes each ``except Exception`` on its way out. So calls into foreign code stand in
:func:`no_exit`, which makes an ordinary exception of it, :class:`ForeignExitError`, with its place.
The invariant: of all exceptions of foreign code, only a KeyboardInterrupt (a stop that the user wants;
it never ends as a success) and the GeneratorExit of a generator that is closed pass as what they are.
``os._exit`` would end the process within C, where nobody can catch it, and ``os.execv`` would put another program in
its place; :func:`ends_in_errors` therefore puts functions in their places for the thread and the process that run
proctor, which raise :class:`ProcessExit`. Other threads (a watchdog) and children (multiprocessing) still end by them.
"""

from __future__ import annotations

import dis
import functools
import os
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from proctor.errors import ProctorError

P = ParamSpec("P")
R = TypeVar("R")

_OWN = str(Path(__file__).parent) + os.sep
_BUNDLED = str(Path(__file__).parent / "benchmarks") + os.sep
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
_ENDINGS = ("_exit", "execv", "execve")
"""Functions of ``os`` that end or replace the process; ``execl``, ``execvp`` and the rest of their family call the last
two by their names in ``os``."""
_RAISE = dis.opmap["RAISE_VARARGS"]


class ForeignExitError(Exception):
    """Foreign code raised SystemExit or another BaseException; the text is a clause with the place."""


class ProcessExit(SystemExit):
    """Foreign code called a function of :data:`_ENDINGS` within :func:`os_exit_raises`; ``code`` is what it gave."""

    def __init__(self, function: str, code: Any) -> None:
        super().__init__(code)
        self.function = function


class _NoExit:
    """The context of :func:`no_exit`. It holds no state: one serves all calls, nested ones too."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, Exception):
            return
        if isinstance(error, KeyboardInterrupt) or _closes_generator(error):
            return
        # A BaseException of proctor's own (the tick of a pattern that takes too long) is on its way to its handler.
        if isinstance(error, ProcessExit) or not type(error).__module__.startswith("proctor."):
            raise ForeignExitError(describe_exit(error)) from error


_NO_EXIT = _NoExit()


def no_exit() -> _NoExit:
    """Within, whatever would end the process is a :class:`ForeignExitError`; other exceptions pass.

    Example::

        with no_exit():
            function(document)   # sys.exit(0) in it raises ForeignExitError
    """
    return _NO_EXIT


@contextmanager
def os_exit_raises() -> Iterator[None]:
    """Within, what ends or replaces the process raises :class:`ProcessExit`; other threads and children do it still."""
    real = {name: getattr(os, name) for name in _ENDINGS}
    process, thread = os.getpid(), threading.get_ident()

    def replacing(name: str) -> Callable[..., Any]:
        @functools.wraps(real[name])
        def end(*args: Any, **kwargs: Any) -> Any:
            # Process and thread are remembered: a fork inherits the replaced function, and its os._exit must end it.
            if os.getpid() == process and threading.get_ident() == thread:
                raise ProcessExit(f"os.{name}", next(iter((*args, *kwargs.values())), None))
            return real[name](*args, **kwargs)

        return end

    for name in _ENDINGS:
        setattr(os, name, replacing(name))
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def ends_in_errors(function: Callable[P, R]) -> Callable[P, R]:
    """The last net: an exit that nothing on its way caught leaves ``function`` as a :class:`ProctorError`."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with no_exit(), os_exit_raises():
                return function(*args, **kwargs)
        except ForeignExitError as error:
            message = f"The run ended without a result: a task's or a model's code {error}."
            raise ProctorError(message) from error

    return run


def describe_exit(error: BaseException) -> str:
    """What a BaseException did and where, as ``called sys.exit(0) (models/own.py:12)``."""
    if isinstance(error, SystemExit):
        name = error.function if isinstance(error, ProcessExit) else "sys.exit"
        what = f"called {name}({'' if error.code is None else repr(error.code)[:60]})"
    else:
        what = f"raised {type(error).__name__}, which is meant to end the process"
    place = place_of(error) or place_of(error, installed=True)
    return what if place is None else f"{what} ({place})"


def place_of(error: BaseException, *, installed: bool = False) -> str | None:
    """``file:line`` of the innermost frame of foreign code; None where there is none.

    ``installed``: of installed packages and the standard library too, but Python's own ``exit``.
    """
    # <frozen ...> and <string> are no files that somebody could open.
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_foreign(frame.filename, installed=installed) and not frame.filename.endswith("_sitebuiltins.py")
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None


def foreign_failure(error: BaseException) -> str | None:
    """``file:line`` of the foreign code that failed; None where what failed is proctor, or what proctor called.

    A foreign frame must stand within the last of proctor's own: foreign code that calls proctor wrongly, or to which a
    mistake of proctor's comes back, is not to blame.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [number for number, frame in enumerate(frames) if _is_own(frame.filename)]
    inner = frames[own[-1] + 1 :] if own else frames
    places = [f"{frame.filename}:{frame.lineno}" for frame in inner if _is_foreign(frame.filename)]
    return places[-1] if places else None


def _is_own(file: str) -> bool:
    return file.startswith(_OWN) and not file.startswith(_BUNDLED)


def _is_foreign(file: str, *, installed: bool = False) -> bool:
    if file.startswith(_BUNDLED):
        return True
    return not file.startswith(("<", _OWN)) and (installed or not file.startswith(_INSTALLED))


def _closes_generator(error: BaseException) -> bool:
    """Whether Python raised it in a generator that is closed: no statement of foreign code says ``raise``."""
    trace: TracebackType | None = error.__traceback__
    if not isinstance(error, GeneratorExit) or trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    # The instruction at which the innermost frame stopped: "raise GeneratorExit" of a task is an attempt to end the
    # run, while close() throws it in from outside, at a yield.
    return not _is_foreign(code.co_filename) or code.co_code[trace.tb_lasti] != _RAISE
