"""Processes that hold one model together (``tp_plan``): all of them compute the same batches, or all of them end."""

# Each process plans its batches by itself, and takes part in every pass of the others. One that planned smaller ones,
# because another program has taken memory of its device, would meet the others within another pass: an error of shapes
# at best, else a wrong sum, or a wait without end. So the least room of all counts.
#
# A process whose memory runs out cannot halve its batch: the others are within the pass that it has left. They learn of
# it when it leaves the group of processes, and the run ends (proctor.models.pool.ranks).
#
# Weighed: batches planned by the first process and sent to the others. One number says the same.

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import distributed

from proctor.errors import ModelError


@dataclass(slots=True)
class _Team:
    """How many processes hold the model of this one; 1: it is whole here."""

    size: int = 1


_team = _Team()


def note_team(*, spread: bool) -> None:
    """Take down how many processes hold the model that has been loaded.

    Args:
        spread: Whether it was spread over the default group of torch.distributed.
    """
    joined = spread and distributed.is_available() and distributed.is_initialized()
    _team.size = distributed.get_world_size() if joined else 1


def least(value: int, device: torch.device) -> int:
    """The least value of all processes that hold this model; they call this together.

    Args:
        value: That of this process.
        device: That of the model.
    """
    if _team.size == 1:
        return value
    shared = torch.tensor([value], device=device)
    distributed.all_reduce(shared, op=distributed.ReduceOp.MIN)
    return int(shared)


def check_alone(error: BaseException) -> None:
    """Raise where memory has run out and other processes are within the same pass.

    Args:
        error: What the lack of memory raised.

    Raises:
        ModelError: The batch cannot be halved here alone.
    """
    if _team.size > 1:
        raise ModelError(
            f"Memory ran out in one of {_team.size} processes that hold the model together, which must compute the "
            "same batches.",
            hint="Give a smaller --batch_size, or start more processes for each copy of the model (tp_size).",
        ) from error
