"""One writer of a folder at a time, among threads of machines that share it over a network as well."""

# Two locks
# ---------
#   flock      of the folder, between processes of one machine. It ends with its process, and leaves nothing behind; but
#              over a network it binds one machine, or there is none.
#   a file     that is made only if it is not there yet, which servers of NFS and SMB decide as well: so it holds
#              between machines. Making it also lets NFS look at the folder anew: what another machine wrote is read.
#
# A process that dies leaves its file behind. Whoever has flock knows that no other process of this machine has the
# file: one that names this machine is left over, and is removed. One of another machine may be in use, however old it
# is: it is never removed, and after a while whoever waits gives up with a sentence. So nothing is ever lost.

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proctor.errors import OutputError

NAME = ".proctor-view.lock"
LONGEST_WAIT = 10.0
"""Seconds; a file of notes is written within milliseconds."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder that no other process writes to which locks it as well.

    Args:
        folder: The folder.

    Raises:
        OutputError: Somebody else has it for too long, or nothing can be written there.
    """
    with _flock(folder) as alone:
        file = folder / NAME
        _make(file, alone=alone)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.unlink()


@contextmanager
def _flock(folder: Path) -> Iterator[bool]:
    """Whether other processes of this machine are locked out; not where a system or its network has no such locks."""
    descriptor, alone = None, False
    with contextlib.suppress(OSError, ImportError):
        import fcntl

        # The folder itself: a file would have to stay.
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        alone = True
    try:
        yield alone
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _make(file: Path, *, alone: bool) -> None:
    """Make the file as soon as there is none."""
    end, own = time.monotonic() + LONGEST_WAIT, _machine()
    while True:
        try:
            with file.open("xb", buffering=0) as stream, contextlib.suppress(OSError):
                # Whose it is only helps; the file is the lock, on a full disk as well.
                stream.write((own or socket.gethostname()).encode("utf-8", "replace"))
            return
        except FileExistsError:
            owner = _owner(file)
            if alone and own is not None and owner == own:
                file.unlink(missing_ok=True)
            elif time.monotonic() > end:
                raise OutputError(
                    f"{file.parent} is being written to by another 'proctor view'{f' on {owner}' if owner else ''}.",
                    hint=f"If there is none any more, delete {file}.",
                ) from None
            else:
                time.sleep(random.uniform(0.005, 0.03))
        except OSError as error:
            raise OutputError(f"{file.parent} cannot be written to: {error.strerror or error}.") from error


def _owner(file: Path) -> str:
    """Who made the file; "" where that is not known."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")[:200]
    except OSError:
        return ""


def _machine() -> str | None:
    """The machine since its last start; None where a system does not say: a name alone may be another one's, too."""
    try:
        return f"{socket.gethostname()} (start {_BOOT.read_text(encoding='ascii').strip()})"
    except OSError:
        return None
