"""What shows that a file on this machine is not the one that was read before.

``datasets`` keeps what it read under a key that holds the modification times of some files and of
others (those that a README's ``configs:`` name) nothing. So local data are kept in a folder of the
cache whose name holds a stamp of every file they come from: path, size, inode, and the times of
the last modification and change. The time of change cannot be set, so a file that was replaced with
size and modification time kept shows as well; and while a file is younger than the clock's ticks
are apart, its content is in the stamp.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from typing import Any

from proctor.files import first_hole

# Two writes within one tick have equal times. FAT has the coarsest ticks of what is still in use: two seconds.
_YOUNG_NS = 2_000_000_000

Stamp = tuple[Any, ...]


def stamp(file: str) -> Stamp:
    """The stamp of a file, or of what a link points to; of a file that is not there, its path alone."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return (file,)
    times = (status.st_mtime_ns, status.st_ctime_ns)
    young = time.time_ns() - max(times) < _YOUNG_NS and os.path.isfile(file)
    content = digest(file) if young and first_hole(file) is None else ""  # one with a hole is not read at all
    return (file, status.st_size, status.st_ino, *times, content)


def digest(file: str) -> str:
    """A hash of a file's content; empty where it cannot be read."""
    try:
        with open(file, "rb") as stream:
            return hashlib.file_digest(stream, "blake2b").hexdigest()
    except OSError:
        return ""


def folder_stamp(folder: str) -> Stamp:
    """The stamps of everything below a folder, through links as well."""
    stamps: list[Stamp] = []
    entered: set[str] = set()
    for base, folders, names in os.walk(folder, followlinks=True):
        # Links are followed, so a link to a folder above would lead round in a circle: each real folder once.
        real = os.path.realpath(base)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        # os.walk goes down in the order of this list: sorted in place, equal folders give equal stamps.
        folders.sort()
        stamps += [stamp(os.path.join(base, name)) for name in sorted(names)]
    return tuple(stamps)


def name_of(stamps: Iterable[Stamp]) -> str:
    """A short name for a set of stamps, for a folder of the cache."""
    return hashlib.sha256(repr(sorted(stamps)).encode("utf-8", "surrogateescape")).hexdigest()[:24]
