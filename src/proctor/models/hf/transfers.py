"""Moving numbers between this machine's memory and a device, without waiting where the device can do without."""

# Why not ``.to(device)`` and ``.tolist()``
# -----------------------------------------
# A GPU works off a queue. What this process does with a tensor there only adds to the queue, as long as nothing needs
# a value: ``tolist``, ``item``, a boolean index, a copy from ordinary memory. Each of these waits until the queue is
# empty, and then the device has nothing to do until the next pass is laid out. So:
#
#     host                                            device
#     ids, positions, mask rows --(pinned, queued)--> pass 1, pass 2, ...    :func:`send`; the host goes on at once
#     lay out pass 2 while pass 1 runs                head of group 1
#     results of group 1   <--(pinned, queued)------- log-probabilities      :class:`Transfer`, read one group later
#     grade and store group 1                         passes of group 2
#
# Pinned memory is what a device can read by itself. torch keeps a pinned block until the copies out of it are done, so
# the block may be forgotten at once; and a device's memory is reused in the order of its queue.
#
# Invariants
#   - Values are the same on every device; only the time at which they arrive differs.
#   - Between a transfer's beginning and ``wait`` nothing here waits for the device. Tests run the scorer's passes on
#     torch's ``meta`` device, which has no values: whatever would wait raises there.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

QUEUED = ("cuda",)
"""Kinds of devices that work off a queue and read pinned memory by themselves."""


def send(block: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of this machine's memory on a device; the host does not wait for the copy.

    Args:
        block: A tensor on the CPU.
        device: Where it goes.
    """
    if device.type in QUEUED:
        return block.pin_memory().to(device, non_blocking=True)
    return block.to(device)


def send_ids(ids: Sequence[int] | Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    """Whole numbers on a device, as int64.

    Args:
        ids: Numbers, or rows of equal length.
        device: Where they go.
    """
    return send(torch.tensor(ids, dtype=torch.long), device)


class Transfer:
    """Tensors of one device on their way to this machine's memory; the copies begin at once.

    Args:
        *blocks: Tensors of one device, at least one.
    """

    def __init__(self, *blocks: torch.Tensor) -> None:
        self._event: Any = None
        self._blocks = blocks
        device = blocks[0].device
        if device.type in QUEUED:
            rooms = [torch.empty(block.shape, dtype=block.dtype, pin_memory=True) for block in blocks]
            self._blocks = tuple(
                room.copy_(block, non_blocking=True) for room, block in zip(rooms, blocks, strict=True)
            )
            self._event = torch.cuda.current_stream(device).record_event()

    def wait(self) -> tuple[torch.Tensor, ...]:
        """The tensors on the CPU, as soon as they are there."""
        if self._event is not None:
            self._event.synchronize()
        return tuple(block.cpu() for block in self._blocks)


def results_behind(device: torch.device) -> int:
    """How many groups of passes are begun before the results of one are read.

    One where the device has a queue: it computes the next group while results are graded and stored. Elsewhere none,
    so that what has been computed is stored at once.

    Args:
        device: Where passes run.
    """
    return 1 if device.type in QUEUED else 0
