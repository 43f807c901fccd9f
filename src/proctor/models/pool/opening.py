"""The model of one rank: the same on all of them, each on a device of its own."""

# On one machine with several GPUs rank ``n`` of the machine takes GPU ``n``. Under Slurm and MPI each process may have
# been given one GPU and see no other: then that one is number 0. The number in ``--device cuda:0``, which stands in
# many a command for one GPU, would put all ranks of a machine on that GPU: it counts for a rank alone there. A model
# that is itself spread over GPUs (parallelize, device_map) gets an equal part of the machine's for each rank, by what
# the process can see of them. One that is spread over processes (tp_plan) is opened by a team of them, each on its own
# device: proctor.models.pool.teams.

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping
from typing import Any

from proctor.errors import UsageError
from proctor.models import declared_kind, open_model
from proctor.models.pool.launchers import Ranks
from proctor.models.pool.teams import PLAN, SIZE, JoinTeam, team_size
from proctor.models.protocols import Model
from proctor.plurals import counted

log = logging.getLogger("proctor")

SPREAD_OVER_RANKS = frozenset({PLAN, SIZE})
"""Arguments that spread one model over several ranks, which then hold a part of it each."""
POOLED_ELSEWHERE = "pool"
"""The argument by which copies of the model respond in processes that are no ranks."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
SPREAD_HERE = ("parallelize", "device_map")
"""Arguments that spread a model over the GPUs of a machine."""


def is_computed_by_ranks(name: str, args: Collection[str]) -> bool:
    """Whether several ranks can hold a model each and respond together.

    Args:
        name: The kind of model.
        args: The names of its arguments.
    """
    return declared_kind(name).computes_here and POOLED_ELSEWHERE not in args


def open_on_rank(settings: Mapping[str, Any], ranks: Ranks, join: JoinTeam) -> Model:
    """Open this rank's model without its weights.

    Args:
        settings: The name of the kind, its ``args``, and the keywords of :func:`proctor.models.open_model`.
        ranks: This process.
        join: Meets the ranks that hold a part of the same model.

    Raises:
        UsageError: There are fewer GPUs than processes on this machine, or ranks cannot be divided into teams.
    """
    import torch

    keywords = {**settings}
    name, args = keywords.pop("name"), keywords.pop("args")
    count = torch.cuda.device_count()
    if any(args.get(key) for key in SPREAD_HERE):
        os.environ.update(visible_part(os.environ.get(VISIBLE), count, ranks))
    else:
        device = keywords["device"] = rank_device(keywords["device"] or args.get("device"), count, ranks)
        if (size := team_size(args, ranks.size)) > 1:
            args = _team_arguments(args, size, device, ranks)
            join(size)
    return open_model(name, args, lazily=True, **keywords)


def _team_arguments(args: Mapping[str, Any], size: int, device: str | None, ranks: Ranks) -> Mapping[str, Any]:
    """What transformers is given by a team: it takes the GPU and the number of processes from these variables."""
    _, _, number = (device or "").partition(":")
    os.environ["LOCAL_RANK"] = number or str(ranks.local_rank)
    # Given only where it is not all of them, for releases that have no such argument.
    return args if os.environ.get("WORLD_SIZE") == str(size) else {**args, SIZE: size}


def rank_device(wanted: str | None, count: int, ranks: Ranks) -> str | None:
    """The device of this rank.

    Args:
        wanted: As given; None: the kind of model chooses.
        count: The GPUs that this process sees.
        ranks: This process.

    Raises:
        UsageError: There are fewer GPUs than processes on this machine.
    """
    numbered = wanted is not None and wanted.startswith("cuda:")
    if not count or not (wanted in (None, "cuda") or numbered):
        return wanted
    if numbered and 1 in (count, ranks.local_size):
        return wanted
    if numbered and ranks.rank == 0:
        log.warning("Each rank takes the GPU of its number, and not all of them %s.", wanted)
    if ranks.local_rank < count:
        return f"cuda:{ranks.local_rank}"
    if count == 1 and ranks.launcher in ("srun", "mpirun"):
        return "cuda:0"
    raise _too_few(count, ranks)


def visible_part(visible: str | None, count: int, ranks: Ranks) -> dict[str, str]:
    """The variable by which this rank sees its part of the machine's GPUs; nothing where it sees no other's.

    Args:
        visible: The variable as it is; None: all are visible.
        count: The GPUs that this process sees.
        ranks: This process.

    Raises:
        UsageError: There are fewer GPUs than processes on this machine.
    """
    if not count or ranks.local_size == 1:
        return {}
    each = count // ranks.local_size
    if not each:
        raise _too_few(count, ranks)
    names = visible.split(",") if visible else [str(number) for number in range(count)]
    return {VISIBLE: ",".join(names[ranks.local_rank * each : (ranks.local_rank + 1) * each])}


def _too_few(count: int, ranks: Ranks) -> UsageError:
    return UsageError(
        f"{ranks.launcher} started {ranks.local_size} processes on a machine with {counted(count, 'GPU')}.",
        hint=f"Start {count} there, or give --device cpu.",
    )
