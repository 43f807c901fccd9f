"""Processes that a launcher (``accelerate launch``, ``torchrun``, ``mpirun``) starts side by side.

A run is computed in one process. Several would each compute all of it, on the same GPU, and write results
of their own. So the first one goes on and the others end with success, for a launcher stops all of them
when one fails. Where a model is spread over the processes, each is needed, and all go on.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection

log = logging.getLogger("proctor")

_VARIABLES = (
    ("WORLD_SIZE", "RANK"),
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    ("PMI_SIZE", "PMI_RANK"),
)
"""In which variables launchers say how many processes there are, and which one this is."""
_SPREAD = frozenset({"tp_plan", "tp_size", "device_mesh"})
"""Arguments that spread a model over the processes."""


def is_surplus(model_args: Collection[str]) -> bool:
    """Whether this process has nothing to do. ``model_args``: the names of the model's arguments."""
    processes, rank = _place()
    if processes < 2 or not _SPREAD.isdisjoint(model_args):
        return False
    if rank == 0:
        log.warning(
            "A launcher started %d processes: this one computes the whole run, the others end. "
            "Start proctor without accelerate, torchrun or mpirun; parallelize=True in --model_args spreads a model "
            "over several GPUs.",
            processes,
        )
        return False
    log.info("Process %d of %d ends: process 0 computes the whole run.", rank, processes)
    return True


def _place() -> tuple[int, int]:
    """The number of processes, and which one this is; one process where no launcher says both."""
    for size, rank in _VARIABLES:
        values = os.environ.get(size, ""), os.environ.get(rank, "")
        # Both or neither: one alone may be left over in a shell.
        if all(value.isdecimal() for value in values):
            return int(values[0]), int(values[1])
    return 1, 0
