"""Which device a model runs on, how much room there is, and what running out of it looks like."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from proctor.errors import ModelError, UsageError, did_you_mean, error_text
from proctor.models.base import BatchSize, Budget
from proctor.models.hf.team import check_alone, least

log = logging.getLogger("proctor")

Item = TypeVar("Item")
Result = TypeVar("Result")

KINDS = ("cpu", "cuda", "mps", "xpu", "npu", "hpu")
SHARE_OF_FREE_MEMORY = 0.6
_NO_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """What a batch may hold on a kind of device, if memory does not say less."""

    tokens: int  # of a padded batch that is scored, and of prompts that join a generation in one pass
    generated: int  # of prompts and texts of one batch that generates, together
    head_rows: int  # that go through the output head together


PROCESSOR = BatchSizes(tokens=2048, generated=16384, head_rows=256)
"""More tokens in a batch leave its caches: measured between 256 and 8192 on three small models. Fewer rows leave the
head's matrix product bound by memory."""
ACCELERATOR = BatchSizes(tokens=32768, generated=1 << 18, head_rows=2048)
"""By count of operations, not measured. The head's weights are read once for so many rows, and results come back once
for them; their logits are 1 GB in float32 at a vocabulary of 128,256."""


def sizes_of(device: torch.device) -> BatchSizes:
    """What batches may hold on this kind of device.

    Args:
        device: The device.
    """
    return PROCESSOR if is_processor(device) else ACCELERATOR


def is_processor(device: torch.device) -> bool:
    """Whether this machine's processor computes, in its own memory.

    Args:
        device: The device.
    """
    return device.type == "cpu"


def pick_device(wanted: str | None) -> torch.device:
    """The device that was asked for if it is there; else what is there, and a warning that names it."""
    best = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
    if wanted is None:
        return best
    kind, _, number = str(wanted).partition(":")
    if kind not in KINDS or (number and not number.isdecimal()):
        raise UsageError(
            f"There is no device '{wanted}'.", hint=did_you_mean(kind, KINDS) or "Try cpu, cuda, cuda:0 or mps."
        )
    if kind == "cpu":
        return torch.device("cpu")
    if _count(kind) > int(number or 0):
        return torch.device(wanted)
    log.warning("The device '%s' is not available here; running on '%s'.", wanted, best)
    return best


def gpu_count() -> int:
    """How many CUDA devices this process sees."""
    return torch.cuda.device_count()


def _count(kind: str) -> int:
    if kind == "cuda":
        return gpu_count()
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    module = getattr(torch, kind, None)
    return int(module.device_count()) if module is not None and module.is_available() else 0


def set_threads(threads: int | None) -> None:
    """Bound the CPU threads of torch and of fast tokenizers."""
    if threads is None:
        return
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise UsageError(f"The number of CPU threads is {threads!r}; it must be at least 1.")
    torch.set_num_threads(threads)
    # Read once, when the first batch is tokenised.
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))


def free_bytes(device: torch.device) -> int:
    """Memory that a batch may use on this device now."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached
    if device.type == "mps":
        return max(0, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return _free_host_bytes()


def _free_host_bytes() -> int:
    free = 4 << 30
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        if limit.isdecimal():
            used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
            free = min(free, int(limit) - used)
    except (OSError, ValueError, StopIteration):
        pass
    return max(free, 0)


def make_budget(
    size: BatchSize, device: torch.device, *, bytes_per_token: int, bytes_per_head: int, tokens_cap: int | None = None
) -> Budget:
    """The bounds of a batch, from free memory: no probing, a batch that fails is halved anyway."""
    room = int(least(free_bytes(device), device) * SHARE_OF_FREE_MEMORY)
    tokens = max(1, room // 2 // max(1, bytes_per_token))
    heads = max(1, room // 2 // max(1, bytes_per_head))
    if size.auto:
        tokens = min(tokens, tokens_cap or sizes_of(device).tokens)
    return Budget(tokens=tokens, heads=heads, rows=size.rows)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a batch failed for lack of memory, on any device, and can be tried in parts.

    Args:
        error: What it raised.

    Raises:
        ModelError: It failed so, and no other batch can be tried by this process alone.
    """
    lacks = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    if not lacks and isinstance(error, RuntimeError):
        text = error_text(error)
        lacks = any(words in text for words in _NO_MEMORY)
    if lacks:
        check_alone(error)
    return lacks


def free_caches() -> None:
    """Give back what a failed batch held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextlib.contextmanager
def autocast(device: torch.device, dtype: torch.dtype | None) -> Iterator[None]:
    """Mixed precision within.

    Args:
        device: The device of the computation.
        dtype: What to compute in; None: nothing is changed.
    """
    if dtype is None:
        yield
        return
    with torch.autocast(device_type=device.type, dtype=dtype):
        yield


def run_batches(
    items: Sequence[Item],
    widths: Sequence[int],
    heads: Sequence[int],
    budget: Budget,
    run: Callable[[Sequence[Item]], list[Result]],
    sizes: list[int],
    missing: Sequence[bool] | None = None,
) -> Iterator[Result]:
    """Run items (longest first) in batches; one that does not fit into memory is halved and run again.

    ``missing``: the items that are wanted; a batch without any of them is left out.
    """
    start = 0
    while start < len(items):
        stop = budget.stop(widths, heads, start)
        if missing is not None and not any(missing[start:stop]):
            start = stop
            continue
        results: list[Result] | None = None
        try:
            results = run(items[start:stop])
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        if results is None:
            free_caches()
            if stop - start == 1:
                raise ModelError(
                    f"Memory ran out on a single request of {widths[start]} tokens.",
                    hint="Lower max_length in --model_args, use a smaller dtype, or another device.",
                )
            budget = budget.halved(stop - start, widths[start], sum(heads[start:stop]))
            log.warning("Memory ran out on a batch of %d rows; going on with batches of half its size.", stop - start)
            continue
        sizes.append(stop - start)
        yield from results
        start = stop
