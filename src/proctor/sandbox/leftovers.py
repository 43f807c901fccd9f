"""What a sandbox may leave behind: its folder after ``kill -9``, and processes that outlive their guard.

Each sandbox's folder is locked (``flock``) by its supervisor and the guards below it, and a lock ends with
whoever holds it, however they end. So a folder whose lock can be had belongs to nobody, and the next sandbox
removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "proctor-sandbox-"
_FRESH = 60.0
"""Seconds in which a folder without a lock may be one whose owner, in another container, is about to lock it."""


def new_folder() -> tuple[str, int]:
    """A folder for a sandbox, and the descriptor that keeps it locked; what others left behind is removed."""
    remove_leftovers(Path(tempfile.gettempdir()))
    folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return folder, descriptor


def remove_leftovers(place: Path) -> None:
    """Remove this user's sandbox folders that no process uses any more."""
    with suppress(OSError):
        for entry in os.scandir(place):
            if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_left(entry.path, entry.name)


def _remove_if_left(path: str, name: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or (_may_begin(name) and time.time() - status.st_mtime < _FRESH):
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)


def _may_begin(name: str) -> bool:
    """Whether the process that made the folder is still there, and may be about to lock it."""
    pid = name.removeprefix(PREFIX).partition("-")[0]
    if not pid.isdecimal():
        return True
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def descendants(pid: int) -> list[int]:
    """The processes below ``pid``, where the system tells them."""
    processes: list[int] = []
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        with suppress(OSError), open(f"/proc/{one}/task/{one}/children", encoding="ascii") as file:
            below = [int(child) for child in file.read().split()]
            processes += below
            waiting += below
    return processes
