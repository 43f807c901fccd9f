"""Which process this is among those that a launcher started side by side, by what the launcher left in the environment.

Pure: a mapping of variables in, a value out.
"""

# What launchers leave
# --------------------
#   torchrun, accelerate   RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT: all of it
#   mpirun (Open MPI)      OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE
#   mpiexec (MPICH)        PMI_RANK, PMI_SIZE, MPI_LOCALRANKID, MPI_LOCALNRANKS
#   srun                   SLURM_PROCID, SLURM_LOCALID, SLURM_STEP_NUM_TASKS, SLURM_STEP_NODELIST, within a step
#
# The last three say nothing of where processes meet. On one machine that is the machine itself. Under Slurm it is the
# first node of the step, for there is rank 0; SLURM_LAUNCH_NODE_IPADDR is the node on which srun was typed, which may
# be one of another step. Elsewhere MASTER_ADDR has to be given. The port follows from the job, so that two jobs on one
# node do not meet.
#
# A variable of size alone, or of rank alone, may be left over in a shell and means nothing. A script of sbatch has
# SLURM_PROCID=0 and the tasks of the whole job, but is no step: it is one process.

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from proctor.errors import UsageError

HERE = "127.0.0.1"
PORTS = range(20000, 40000)
"""From which a port is chosen where the launcher names none: below those that systems give to outgoing connections."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """One process among several.

    Attributes:
        launcher: What started it, for messages.
        rank: Its number among all, from 0.
        size: How many there are.
        local_rank: Its number among those on its machine.
        local_size: How many are on its machine.
        address: Where rank 0 is reached; None: not known.
        port: The port there.
    """

    launcher: str
    rank: int
    size: int
    local_rank: int
    local_size: int
    address: str | None
    port: int

    @property
    def on_one_machine(self) -> bool:
        """Whether all of them are on this machine."""
        return self.local_size == self.size


@dataclass(frozen=True, slots=True)
class _Names:
    """The variables of one launcher."""

    launcher: str
    rank: str
    size: str
    local_rank: str
    local_size: str
    jobs: tuple[str, ...] = ()


_TORCHRUN = _Names("torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
_MPI = (
    _Names(
        *("mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
        *("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"),
        ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"),
    ),
    _Names("mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
)
_SLURM = _Names(
    *("srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"),
    ("SLURM_JOB_ID", "SLURM_STEP_ID"),
)


def find_ranks(environment: Mapping[str, str], parent: int = 0) -> Ranks | None:
    """Which process of a launcher this is; None where it is the only one.

    Args:
        environment: Variables.
        parent: The number of the process that launched it: names the job of an MPI that does not name it.

    Raises:
        UsageError: The variables contradict each other.
    """
    slurm = (_SLURM,) if "SLURM_STEP_ID" in environment else ()
    # Slurm's own step before PMI: srun sets the variables of PMI, too.
    for names in (_TORCHRUN, _MPI[0], *slurm, _MPI[1]):
        rank, size = _number(environment.get(names.rank)), _number(environment.get(names.size))
        if names is _SLURM and size is None:
            size = _number(environment.get("SLURM_NTASKS"))
        if rank is None or size is None:
            continue  # One alone may be left over in a shell.
        if rank >= size:
            raise UsageError(
                f"{names.rank} is {rank} and {names.size} is {size}: ranks count from 0.",
                hint="Both are set by the launcher; unset them to run one process.",
            )
        return None if size < 2 else _ranks(names, rank, size, environment, parent)
    return None


def _ranks(names: _Names, rank: int, size: int, environment: Mapping[str, str], parent: int) -> Ranks:
    local_size = _number(_first_count(environment.get(names.local_size))) or 0
    local_rank = _number(environment.get(names.local_rank)) or 0
    address = environment.get("MASTER_ADDR") or (HERE if local_size == size else None)
    if address is None and names is _SLURM:
        address = _first_node(environment.get("SLURM_STEP_NODELIST") or environment.get("SLURM_JOB_NODELIST", ""))
    accelerated = names is _TORCHRUN and any(name.startswith("ACCELERATE_") for name in environment)
    port = _number(environment.get("MASTER_PORT"))
    if port is None:
        job = "/".join(environment[name] for name in names.jobs if name in environment) or str(parent)
        port = PORTS[crc32(job.encode()) % len(PORTS)]
    launcher = "accelerate" if accelerated else names.launcher
    return Ranks(launcher, rank, size, local_rank, max(local_size, local_rank + 1), address, port)


def wanted_several(environment: Mapping[str, str]) -> bool:
    """Whether ``accelerate launch`` was given several processes without several GPUs: it starts one, and says nothing.

    Args:
        environment: Variables.
    """
    # It writes down where they would meet, and then starts one of them, without a rank.
    by_accelerate = any(name.startswith("ACCELERATE_") for name in environment)
    return by_accelerate and "MASTER_ADDR" in environment and "WORLD_SIZE" not in environment


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _first_count(text: str | None) -> str | None:
    """The tasks of the first node in Slurm's ``4(x2),3``: as many as are on this machine, where there is but one."""
    return None if text is None else re.split(r"\D", text, maxsplit=1)[0]


def _first_node(nodes: str) -> str | None:
    """The first node in Slurm's ``gpu[003-004,7],login1``."""
    match = re.match(r"([^\[,]+)(?:\[(\d+)[^\]]*\]([^,]*))?", nodes)
    return None if match is None else match[1] + (match[2] or "") + (match[3] or "")
