"""``--model_args`` of a pool: how many copies of a model there are, and on what; the rest opens each copy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.errors import UsageError, did_you_mean
from proctor.models.kinds import ModelKind

POOLS = ("ray",)
KEYS = ("pool", "num_workers", "gpus_per_worker", "cpus_per_worker", "ray_address", "working_dir", "worker_wait")
WAIT = 600.0
"""Seconds for which a run waits for the first worker, where the cluster may still grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolArguments:
    """How a pool is made.

    Attributes:
        workers: Copies of the model; None: as many as the cluster has room for.
        gpus: GPUs of each, parts of one included; None: as many as one copy takes.
        cpus: CPUs of each; None: chosen by what the cluster has.
        address: Of the cluster, as ``ray.init`` takes it; None: that of ``RAY_ADDRESS``, else a new one.
        working_dir: A folder that is copied to the machines of the cluster, for code that is not installed there.
        wait: Seconds for which the first worker is waited for.
    """

    workers: int | None = None
    gpus: float | None = None
    cpus: float | None = None
    address: str | None = None
    working_dir: str | None = None
    wait: float = WAIT


def split_pool(kind: ModelKind, args: Mapping[str, Any]) -> tuple[PoolArguments | None, dict[str, Any]]:
    """Take the pool's own arguments off those of a model.

    Args:
        kind: The model's.
        args: Its ``--model_args``.

    Returns:
        The pool, None where one copy is wanted; the arguments that open a copy.

    Raises:
        UsageError: One is wrong, or two exclude each other.
    """
    inner = dict(args)
    name = inner.pop("pool", None)
    copies = _copies(kind, inner)
    if name in (None, "") and copies is None:
        return None, inner if kind.copies and kind.copies in args else dict(args)
    if name not in (None, "", *POOLS):
        raise UsageError(
            f"The model argument pool is {name!r}; it must be {', '.join(POOLS)}.",
            hint=did_you_mean(str(name), POOLS),
        )
    given = {key: inner.pop(key, None) for key in KEYS if key != "pool"}
    workers = _whole("num_workers", given["num_workers"])
    if copies is not None and workers not in (None, copies):
        raise UsageError(f"{kind.copies}={copies} and num_workers={workers} both say how many copies there are.")
    return (
        PoolArguments(
            workers=copies or workers,
            gpus=_devices("gpus_per_worker", given["gpus_per_worker"]),
            cpus=_amount("cpus_per_worker", given["cpus_per_worker"]),
            address=read_address(given["ray_address"]),
            working_dir=None if given["working_dir"] is None else str(given["working_dir"]),
            wait=WAIT if given["worker_wait"] is None else _amount("worker_wait", given["worker_wait"]) or 0.0,
        ),
        inner,
    )


def without_pool(kind: ModelKind, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that open one copy.

    Args:
        kind: The model's.
        args: Its ``--model_args``.
    """
    return split_pool(kind, args)[1]


def pool_hint(key: str) -> str | None:
    """What to do about an argument that only a pool takes, where there is none; None: it is no such argument."""
    return f"{key} belongs to a pool of workers: add pool=ray, or the flag --ray." if key in KEYS else None


def read_address(value: Any) -> str | None:
    """The address of a cluster, as a program on one of its machines uses it; None: none is given.

    Args:
        value: As given.

    Raises:
        UsageError: It is an address for programs outside of the cluster.
    """
    if value is None or value in ("", True):
        return None
    address = str(value)
    if "://" in address:
        raise UsageError(
            f"proctor cannot run outside the cluster, as {address} would have it.",
            hint="Start it on a machine of the cluster with --ray auto, or by 'ray job submit -- proctor run ...'.",
        )
    return address


def _copies(kind: ModelKind, inner: dict[str, Any]) -> int | None:
    """The number of copies by the kind's own argument, which is taken off; None: one, or not given."""
    if kind.copies is None:
        return None
    copies = _whole(kind.copies, inner.pop(kind.copies, None))
    return copies if copies is not None and copies > 1 else None


def _whole(key: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).strip().isdecimal() or int(value) < 1:
        shown = int(value) if isinstance(value, float) and value.is_integer() else value
        raise UsageError(f"The model argument {key} is {shown!r}; it must be a whole number of at least 1.")
    return int(value)


def _amount(key: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        amount = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise UsageError(f"The model argument {key} is {value!r}; it must be a number that is not negative.")
    return amount


def _devices(key: str, value: Any) -> float | None:
    amount = _amount(key, value)
    if amount is not None and amount > 1 and amount != int(amount):
        raise UsageError(f"The model argument {key} is {value!r}: Ray gives out parts of one GPU, or whole ones.")
    return amount
