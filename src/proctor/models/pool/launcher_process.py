"""The process that launched this one, behind scripts and wrappers that the launcher started in between."""

# MPICH's mpiexec names no job, so ranks agree on a port by the number of the process that launched them. The parent is
# that process only where nothing stands in between: a script, or ``timeout``, is a parent of its own for each rank.
# What a launcher starts has the rank among its variables, and the launcher itself has not.

from __future__ import annotations

import os
from pathlib import Path

_RANKS = (b"PMI_RANK=", b"OMPI_COMM_WORLD_RANK=")
_PROC = Path("/proc")


def launcher_process(proc: Path = _PROC) -> int:
    """The number of the nearest ancestor without a rank; of the parent where that cannot be seen.

    Args:
        proc: Where the system shows its processes.
    """
    parent = pid = os.getppid()
    try:
        while pid > 1:
            variables = (proc / str(pid) / "environ").read_bytes().split(b"\0")
            if not any(one.startswith(_RANKS) for one in variables):
                return pid
            # The name of the program, in brackets, may hold anything.
            pid = int((proc / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return parent
    return parent
