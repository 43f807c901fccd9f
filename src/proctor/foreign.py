"""Code that is not proctor's (tasks, models, plugins) and that tries to end the process.

``sys.exit(0)`` in such code would end a run as a success without a result: SystemExit, like every
BaseException, passes each ``except Exception`` on its way out. So calls into foreign code stand in
:func:`no_exit`, which makes an ordinary exception of it, :class:`ForeignExitError`, with its place.
The invariant: of all exceptions of foreign code, only a KeyboardInterrupt (a stop that the user wants)
passes as what it is.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWN = str(Path(__file__).parent) + os.sep
_PASSING = (Exception, KeyboardInterrupt, GeneratorExit)


class ForeignExitError(Exception):
    """Foreign code raised SystemExit or another BaseException; the text is a clause with the place."""


@contextmanager
def no_exit() -> Iterator[None]:
    """Within, whatever would end the process is a :class:`ForeignExitError`; other exceptions pass.

    Example::

        with no_exit():
            function(document)   # sys.exit(0) in it raises ForeignExitError
    """
    try:
        yield
    except _PASSING:
        raise
    except BaseException as error:
        if type(error).__module__.startswith("proctor."):
            raise
        raise ForeignExitError(describe_exit(error)) from error


def describe_exit(error: BaseException) -> str:
    """What a BaseException did and where, as ``called sys.exit(0) (models/own.py:12)``."""
    if isinstance(error, SystemExit):
        what = f"called sys.exit({'' if error.code is None else repr(error.code)[:60]})"
    else:
        what = f"raised {type(error).__name__}, which is meant to end the process"
    place = place_of(error)
    return what if place is None else f"{what} ({place})"


def place_of(error: BaseException) -> str | None:
    """``file:line`` of the innermost frame outside proctor and Python's own ``exit``; None where there is none."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((_OWN, "<")) and not frame.filename.endswith("_sitebuiltins.py")
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
