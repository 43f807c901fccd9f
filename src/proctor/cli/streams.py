"""Standard input, output and error of a process that was started without them.

A shell (``>&-``), a service or a batch system may start proctor with descriptors 0 to 2 closed, or open in
the wrong direction. Python then has ``sys.stdout is None``, and the next file that is opened, a store for
one, becomes descriptor 1, into which any library may print. So what is missing is opened on the null device
before anything else is done, and a run writes its results as always.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

_STREAMS = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))


def open_missing_streams() -> None:
    """Open on the null device which of the descriptors 0 to 2 is closed or cannot be used as what it is for."""
    for descriptor, name, mode in _STREAMS:
        if not _is_usable(descriptor, mode):
            null = os.open(os.devnull, os.O_RDWR)
            # open() gives the lowest free number, which is the missing one unless a lower one is missing, too.
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
            os.set_inheritable(descriptor, True)
            setattr(sys, name, None)
        if getattr(sys, name) is None:
            stream = open(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def _is_usable(descriptor: int, mode: str) -> bool:
    try:
        os.fstat(descriptor)
        import fcntl  # not on Windows, where a descriptor that is open is taken to be right
    except OSError:
        return False
    except ImportError:
        return True
    direction = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    return direction in (os.O_RDWR, os.O_RDONLY if mode == "r" else os.O_WRONLY)


def drop_output(stream: TextIO) -> None:
    """Let what is still to be written to ``stream`` go nowhere: whoever read it has gone, or its disk is full."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
