"""The bootstrap: the statistic of many resamples of the documents.

It draws the very samples that lm-eval draws (seed, order and chunking), as index matrices
in numpy instead of one Python list per replicate, so its standard errors are equal to the last
bit and a hundred thousand replicates take seconds in one process.
"""

# Resamples as matrices
# ---------------------
#   chunk i of 1000 resamples        random.Random(i)            lm-eval's seeds and order
#   block of rows, at most 2^18 positions        bounded memory, whatever the number of documents
#     index[row] = positions of one resample                     floor(u * n) of doubles of the same Mersenne Twister
#     batch(index) -> one statistic for each row                 numpy, without Python objects
#
# Why blocks: 1000 resamples of 100,000 documents are 100 million positions, 800 MB. Why threads and not processes:
# numpy releases the lock, and values need not be copied. Each thread has memory of its own (``_Scratch``), reused from
# block to block, because fresh memory costs more in page faults than the arithmetic.

from __future__ import annotations

import math
import os
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

from proctor.stats.standard_errors import sample_std

if TYPE_CHECKING:
    import numpy as np

Batch: TypeAlias = "Callable[[np.ndarray[Any, Any]], Sequence[float]]"
"""A statistic of many resamples at once.

It gets a matrix of positions, one resample per row, and returns one value per row. It is
called from several threads at a time, and the matrix is overwritten afterwards.
"""

CHUNK = 1000
"""Replicates per seed. lm-eval: chunk ``i`` of at most 1,000 replicates is seeded with ``i``."""

# Positions in a block: 2 MiB each of doubles and of indices.
_BLOCK = 1 << 18
# Positions in all below which threads cost more than they save.
_THREAD_DRAWS = 4_000_000
_MAX_THREADS = 16


def bootstrap_stderr(
    statistic: Callable[[Sequence[Any]], Any],
    values: Sequence[Any],
    iters: int,
    *,
    batch: Batch | None = None,
    threads: int | None = None,
) -> float | None:
    """Standard error of a statistic: its standard deviation over resamples with replacement.

    Chunk ``i`` of ``min(1000, iters)`` replicates draws with ``random.Random(i).choices``; what
    is left of ``iters`` after whole chunks is dropped (lm-eval does so).
    Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979,
    https://doi.org/10.1214/aos/1176344552; lm-eval's ``bootstrap_stderr``.

    Args:
        statistic: A function of a list of values.
        values: By document its value.
        iters: The number of resamples.
        batch: The same statistic for many resamples at once; None: every resample is built as a list.
        threads: Threads for ``batch``; None: :func:`usable_threads`.

    Returns:
        None for fewer than two values or fewer than two replicates.
    """
    if len(values) < 2 or iters < 2:
        return None
    replicates = bootstrap_replicates(statistic, values, iters, batch=batch, threads=threads)
    return sample_std(replicates)


def bootstrap_replicates(
    statistic: Callable[[Sequence[Any]], Any],
    values: Sequence[Any],
    iters: int,
    *,
    batch: Batch | None = None,
    threads: int | None = None,
) -> list[Any]:
    """The statistic of every resample, in lm-eval's order.

    Args:
        statistic: A function of a list of values.
        values: By document its value.
        iters: The number of resamples, at least one.
        batch: The same statistic for many resamples at once; None: every resample is built as a list.
        threads: Threads for ``batch``; None: :func:`usable_threads`.
    """
    chunk = min(CHUNK, iters)
    seeds = range(iters // chunk)
    if batch is None:
        return [value for seed in seeds for value in _plain_chunk(statistic, values, seed, chunk)]
    compute, size = batch, len(values)

    def run(seed: int) -> list[Any]:
        return [value for block in index_blocks(seed, chunk, size) for value in compute(block)]

    workers = min(threads or usable_threads(), len(seeds))
    if workers <= 1 or len(seeds) * chunk * size < _THREAD_DRAWS:
        try:
            return _flat(map(run, seeds))
        finally:
            _scratch.held.clear()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="bootstrap")
    try:
        return _flat(pool.map(run, seeds))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def index_blocks(seed: int, replicates: int, size: int) -> Iterator[Any]:
    """Positions of ``replicates`` resamples as integer matrices of a bounded number of rows.

    The rows are what ``random.Random(seed).choices(range(size), k=size)`` gives call after call:
    numpy goes on from the state of CPython's generator, both make the same doubles of it, and
    ``choices`` takes ``floor(u * size)``. A matrix is overwritten when the next one is asked for,
    and lies in memory column by column: sums over a resample go down all rows at once.
    Source: the ``random`` module of CPython; ``MT19937`` of numpy.
    """
    import numpy as np

    *key, position = random.Random(seed).getstate()[1]
    twister = np.random.MT19937(0)
    twister.state = {"bit_generator": "MT19937", "state": {"key": np.array(key, dtype=np.uint32), "pos": position}}
    source = np.random.Generator(twister)
    rows = max(1, _BLOCK // size)
    for start in range(0, replicates, rows):
        shape = (min(rows, replicates - start), size)
        draws = scratch("draws", shape, np.float64)
        source.random(out=draws)
        draws *= size
        index = scratch("index", shape[::-1], np.intp)
        np.copyto(index, draws.T, casting="unsafe")
        yield index.T


class _Scratch(threading.local):
    def __init__(self) -> None:
        self.held: dict[str, Any] = {}


_scratch = _Scratch()


def scratch(name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array of this thread to be filled, the same memory whenever ``name`` is used again.

    To fetch fresh memory from the system for each block takes longer than the arithmetic on it.

    Args:
        name: What the array is for.
        shape: Its shape.
        dtype: Its type.
    """
    import numpy as np

    count = math.prod(shape)
    held = _scratch.held.get(name)
    if held is None or held.size < count or held.dtype != dtype:
        held = _scratch.held[name] = np.empty(count, dtype=dtype)
    return held[:count].reshape(shape)


def usable_threads() -> int:
    """Threads to use when nobody says: OMP_NUM_THREADS, else the processors this process may use."""
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdigit() and int(threads) > 0:
        return int(threads)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MAX_THREADS)


def _plain_chunk(statistic: Callable[[Sequence[Any]], Any], values: Sequence[Any], seed: int, chunk: int) -> list[Any]:
    source = random.Random(seed)
    return [statistic(source.choices(values, k=len(values))) for _ in range(chunk)]


def _flat(parts: Iterable[list[Any]]) -> list[Any]:
    return [value for part in parts for value in part]
