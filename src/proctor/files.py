"""Opening files that a user, a task or a checkpoint names: regular files, of bounded size.

``open("/dev/urandom").read()`` never returns, and ``open`` of a pipe waits until somebody writes into it. So
every such file goes through here: it is opened without waiting, what was opened is looked at (not the name,
which may meanwhile be something else), and what is read is bounded even where the system tells no size, as
below ``/proc``. What is refused is an ``OSError`` like any other of opening a file: whoever says that a file
cannot be read says this too.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

MB = 1 << 20
LARGEST_TEXT = 64 * MB
"""Bytes of a file that is read whole and that people write: a task, a configuration, a Python file."""
LARGEST_DOCUMENT = 2048 * MB
"""Bytes of a file that is read whole and that programs write: results, a tokenizer, an index of weights."""
LONGEST_LINE = 256 * MB
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def not_a_file(path: str | os.PathLike[str]) -> str | None:
    """What stands at ``path`` that is no regular file ("a pipe"); None for a file, and where nothing stands."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    return _kind(mode)


def _kind(mode: int) -> str | None:
    return None if stat.S_ISREG(mode) else next((name for test, name in _KINDS if test(mode)), "no regular file")


def first_hole(path: str | os.PathLike[str]) -> int | None:
    """Where a file has a hole: bytes that were never written and read as NUL; None if it has none.

    A download that broke off after its space was reserved leaves one, and a file of a terabyte that takes no room
    on the disk is one. Where the system does not know holes, there is none.
    """
    if not hasattr(os, "SEEK_HOLE") or not_a_file(path) is not None:
        return None
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            at = os.lseek(file.fileno(), 0, os.SEEK_HOLE) if size else 0
    except (OSError, ValueError):
        return None
    return at if at < size else None


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A regular file, open for reading bytes; anything else is an OSError that says what it is."""
    if "\0" in os.fspath(path):
        raise OSError(errno.EINVAL, "its name holds a NUL character", os.fspath(path))
    if (kind := not_a_file(path)) is not None:  # before it is opened: opening a device can be an act
        raise _refused(path, kind)
    # O_NONBLOCK: a pipe that took the file's place since it was looked at must not block; it is refused below.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb") as file:
        if (kind := _kind(os.fstat(descriptor).st_mode)) is not None:
            raise _refused(path, kind)
        yield file


def _refused(path: str | os.PathLike[str], kind: str) -> OSError:
    number = errno.EISDIR if kind == "a folder" else errno.EINVAL
    return OSError(number, f"it is {kind}, not a file", os.fspath(path))


def read_bytes(path: str | os.PathLike[str], *, largest: int = LARGEST_TEXT) -> bytes:
    """A regular file's content; an OSError if it is none or holds more than ``largest`` bytes."""
    with open_regular(path) as file:
        # One byte more than allowed is read: a size that the system states may be wrong, or 0 below /proc.
        data = file.read(largest + 1)
    if len(data) > largest:
        raise OSError(errno.EFBIG, f"it holds more than {largest // MB:,} MB", os.fspath(path))
    return data


def read_text(path: str | os.PathLike[str], *, largest: int = LARGEST_TEXT) -> str:
    """A regular file's content as UTF-8, line ends as in ``open``; UnicodeDecodeError if it is not."""
    return read_bytes(path, largest=largest).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def text_lines(path: str | os.PathLike[str]) -> Iterator[str]:
    """The lines of a regular file of any size, as UTF-8; a line without end is an OSError."""
    with open_regular(path) as file:
        while line := file.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise OSError(errno.EFBIG, f"a line of it holds more than {LONGEST_LINE // MB:,} MB", os.fspath(path))
            yield line.decode("utf-8")
