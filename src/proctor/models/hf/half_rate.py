"""Whether this machine's processor multiplies 16-bit matrices much slower than 32-bit ones.

Processors without AVX512-BF16, AMX or their like have no instructions for it: torch then converts every value, and a
product takes several times as long as in float32. Checkpoints are mostly stored in bfloat16, and ``dtype=auto`` loads
them so, hence a run on such a machine would be slow without a word. Which processors are slow is not read from a list
of features, which differs by vendor and by torch's version: a small product is timed in both types, the shortest
of a few repetitions, since other processes only ever lengthen one.

Nothing but a sentence depends on it: scores in another dtype differ by rounding, so the dtype stays what it is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import torch

log = logging.getLogger("proctor")

ROWS, WIDTH = 64, 512
"""A product as small as a batch's of the smallest models: some milliseconds where it is slow."""
REPETITIONS = 4
MUCH_SLOWER = 2.0
HALF = (torch.bfloat16, torch.float16)


def suggest_float32(dtype: torch.dtype) -> None:
    """Say that a dtype is slow on this processor, and which one is not.

    Args:
        dtype: What the weights on the processor are in.
    """
    if dtype not in HALF:
        return
    times = slowdown(dtype)
    if times >= MUCH_SLOWER:
        log.info(
            "This processor multiplies %s matrices %.0f times slower than float32 ones; dtype=float32 in --model_args "
            "is faster, takes twice the memory, and changes scores by rounding.",
            str(dtype).removeprefix("torch."),
            times,
        )


@torch.inference_mode()
def slowdown(dtype: torch.dtype, clock: Callable[[], float] = time.perf_counter) -> float:
    """How many times longer a matrix product takes in ``dtype`` than in float32.

    Args:
        dtype: A floating-point type.
        clock: Gives seconds.
    """
    return _seconds(dtype, clock) / _seconds(torch.float32, clock)


def _seconds(dtype: torch.dtype, clock: Callable[[], float]) -> float:
    rows, weight = torch.ones(ROWS, WIDTH, dtype=dtype), torch.ones(WIDTH, WIDTH, dtype=dtype)
    times = []
    torch.nn.functional.linear(rows, weight)  # the first one prepares kernels
    for _ in range(REPETITIONS):
        start = clock()
        torch.nn.functional.linear(rows, weight)
        times.append(clock() - start)
    return max(min(times), 1e-9)
