"""Digests of big files, computed on several threads and remembered for as long as a file is the same.

Two copies of a checkpoint have one digest wherever they lie, and hashing them costs a run nothing
but the first time. A file is the same while its path, size, inode, and both times are: what replaces a
file and keeps size, mtime and inode (``cp -p`` over it, ``tar x``) cannot keep its ctime.
"""

# A digest of blocks
# ------------------
#   file   | 64 MiB | 64 MiB | ... |        each block hashed by SHA-256 on some thread
#   digest = SHA-256(size, digest(block 1), digest(block 2), ...)
#
# One hash over a whole file cannot be computed on several threads, and checkpoints are tens of gigabytes. The size goes
# in first, so that files of equal blocks and other lengths differ. Changing the block size changes every digest, and
# with them the keys of all stored responses.

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from proctor.folders import cache_folder

log = logging.getLogger("proctor")

BLOCK = 64 << 20
PIECE = 4 << 20
MOST_THREADS = 8
MOST_REMEMBERED = 5000
SLOW_SECONDS = 2.0
LOG_EVERY = 10.0
TOO_YOUNG_NS = 2_000_000_000
"""A file that was modified so shortly ago could change again without its time showing it."""
TICK_NS = 50_000_000
"""The same of the ctime, which nobody sets but the kernel; file systems that count in seconds need longer."""

_Stamp: TypeAlias = tuple[int, int, int, int]
_Known: TypeAlias = dict[str, list[int | str]]


def digest_files(files: Sequence[Path]) -> list[str]:
    """The digest of each file, from memory where it is the same file. Raises OSError."""
    known = _read_memory()
    stamps = [_stamp(file) for file in files]
    digests = [_remembered(known, file, stamp) for file, stamp in zip(files, stamps, strict=True)]
    missing = [place for place, digest in enumerate(digests) if digest is None]
    if missing:
        fresh = _digest([files[place] for place in missing], [stamps[place][0] for place in missing])
        for place, digest in zip(missing, fresh, strict=True):
            digests[place] = digest
            # The stamp was taken before the file was read: a change while it was hashed shows in the next run's stamp.
            if _is_settled(stamps[place]):
                known[_name(files[place])] = [*stamps[place], digest]
        _write_memory(known)
    return [digest for digest in digests if digest is not None]


def _stamp(file: Path) -> _Stamp:
    status = file.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def _is_settled(stamp: _Stamp) -> bool:
    """Whether another change of the file would show in its times."""
    now, (_, mtime, _, ctime) = time.time_ns(), stamp
    # A ctime of whole seconds suggests a file system that counts in seconds.
    tick = TICK_NS if ctime % 1_000_000_000 else TOO_YOUNG_NS
    return now - mtime > TOO_YOUNG_NS and now - ctime > tick


def _name(file: Path) -> str:
    return os.path.realpath(file)


def _remembered(known: _Known, file: Path, stamp: _Stamp) -> str | None:
    row = known.get(_name(file))
    return str(row[-1]) if row is not None and tuple(row[:-1]) == stamp else None


def _digest(files: Sequence[Path], sizes: Sequence[int]) -> list[str]:
    """Block by block, so that one file of many gigabytes keeps all threads busy too."""
    blocks = [(file, start) for file, size in zip(files, sizes, strict=True) for start in range(0, size or 1, BLOCK)]
    total, began, said = sum(sizes), time.monotonic(), -LOG_EVERY
    sums = {file: hashlib.sha256(str(size).encode()) for file, size in zip(files, sizes, strict=True)}
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as pool:
        for done, ((file, _), part) in enumerate(zip(blocks, _parts(pool, blocks), strict=True), start=1):
            sums[file].update(part)
            seconds = time.monotonic() - began
            if seconds > SLOW_SECONDS and seconds - said > LOG_EVERY and done < len(blocks):
                said = seconds
                log.info(
                    "Reading the weights to know the model again: %.1f of %.1f GB. This is done once.",
                    min(done * BLOCK, total) / 1e9,
                    total / 1e9,
                )
    return [sums[file].hexdigest() for file in files]


def _parts(pool: ThreadPoolExecutor, blocks: Sequence[tuple[Path, int]]) -> Iterable[bytes]:
    """The digest of each block, on several threads where there are any to be had."""
    try:
        return pool.map(_digest_block, blocks)
    # "can't start new thread", under a limit on processes.
    except RuntimeError:
        return map(_digest_block, blocks)


def _digest_block(block: tuple[Path, int]) -> bytes:
    file, start = block
    hashed, left = hashlib.sha256(), BLOCK
    with file.open("rb", buffering=0) as stream:
        stream.seek(start)
        while left and (piece := stream.read(min(PIECE, left))):
            hashed.update(piece)
            left -= len(piece)
    return hashed.digest()


def _memory() -> Path:
    return cache_folder() / "weights.json"


def _read_memory() -> _Known:
    try:
        rows = json.loads(_memory().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(rows, dict):
        return {}
    return {name: row for name, row in rows.items() if isinstance(row, list) and len(row) == 5}


def _write_memory(known: _Known) -> None:
    """The whole file anew, or not at all: what is not remembered is computed again."""
    latest = dict(list(known.items())[-MOST_REMEMBERED:])
    with suppress(OSError):
        target = _memory()
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".weights-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(latest, file)
            os.replace(name, target)
        except OSError:
            with suppress(OSError):
                os.unlink(name)
