"""What a running program uses that no limit of the system bounds: threads, and a disk that is not its own.

The guard of :mod:`proctor.sandbox.supervisor` looks at it while the program runs. Only the standard library.
"""

from __future__ import annotations

import contextlib
import os
import stat

_MOST_THREADS = 200


class Usage:
    """What one program uses.

    Args:
        program: Its process number.
        folder: The folder whose size counts; "" where a disk of the program's own is bounded by the kernel.
        disk: The most bytes in the folder, files without a name included.
    """

    def __init__(self, program: int, folder: str, disk: int) -> None:
        self.program, self.folder, self.disk, self._looks = program, folder, disk, 0

    def excess(self) -> str:
        """What there is too much of, or ""."""
        with (
            contextlib.suppress(OSError),
            open(f"/proc/{self.program}/stat", encoding="ascii", errors="replace") as file,
        ):
            # The name before it, in brackets, may hold anything.
            if int(file.read().rpartition(")")[2].split()[17]) > _MOST_THREADS:
                return f"it started more than {_MOST_THREADS} threads"
        self._looks += 1
        if self.folder and self._looks % 5 == 1 and _size(self.folder) + _unlinked(self.program) > self.disk:
            return "it filled its disk"
        return ""


def _unlinked(program: int) -> int:
    """Bytes of files that a program has open and that no folder names any more."""
    total = 0
    with contextlib.suppress(OSError):
        for entry in os.listdir(f"/proc/{program}/fd"):
            with contextlib.suppress(OSError):
                status = os.stat(f"/proc/{program}/fd/{entry}")
                if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                    total += status.st_size
    return total


def _size(folder: str) -> int:
    total, folders = 0, [folder]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:  # gone meanwhile, or deeper than a path can be long
            continue
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total
