"""Where ranks meet, and the pipes between them: torch.distributed, with its backend for CPUs."""

# Ranks meet at the store of torch.distributed, which rank 0 (or torchrun's agent) serves at MASTER_ADDR. Each writes
# down who it is; whoever has not done so in time is named. What it writes is compared: a rank that believes in another
# number of ranks belongs to another job, and another release of proctor may compute other prompts. So does a rank with
# another command: tasks of an srun that starts one run each would otherwise end up in rank 0's run, theirs never made.
#
# The group of processes is our own and not the default group of torch.distributed: a model or a script may have one.
#
# Weighed: NCCL, which is for tensors on GPUs and does not notice a process that dies for minutes; sockets of our own,
# which would need an address of each machine that the others can reach, and gloo has found those.

from __future__ import annotations

import json
import logging
import os
import queue
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from torch import distributed
from torch.distributed import ProcessGroupGloo
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from proctor.errors import ModelError, error_text
from proctor.models.pool.channel import SILENCE, Pipe
from proctor.models.pool.launchers import Ranks

log = logging.getLogger("proctor")

ARRIVAL = 300.0
"""Seconds in which all ranks must have arrived: the first may be loading libraries from a slow disk."""
PATIENCE = 15.0
"""Seconds after which a rank that still waits for the others says so."""
_ONE_MACHINE = "lo"
"""The network device of ranks on one machine: the name of a host in a container may lead nowhere."""


TEAM_SECONDS = 600.0
"""Seconds that a rank waits in a computation for the others of its team: one of them may be storing what has come."""


class GlooPipe:
    """Bytes to another rank and back: their number, then the bytes.

    Args:
        group: The group of processes.
        peer: The other rank.
    """

    def __init__(self, group: Any, peer: int) -> None:
        self._group, self._peer = group, peer

    def send(self, data: bytes) -> None:
        """Send some bytes."""
        self._group.send([torch.tensor([len(data)])], self._peer, 0).wait()
        self._group.send([torch.frombuffer(bytearray(data), dtype=torch.uint8)], self._peer, 0).wait()

    def receive(self) -> bytes:
        """Wait for bytes."""
        size = torch.zeros(1, dtype=torch.int64)
        self._group.recv([size], self._peer, 0).wait()
        data = torch.empty(int(size), dtype=torch.uint8)
        self._group.recv([data], self._peer, 0).wait()
        return data.numpy().tobytes()


class Meeting:
    """All ranks, when they have met.

    Args:
        ranks: This process.
        store: Where they have met.
        group: The group of processes.
    """

    def __init__(self, ranks: Ranks, store: Store, group: Any) -> None:
        self._ranks, self._store, self._group = ranks, store, group
        self._teams = 0

    def pipe_to(self, peer: int) -> Pipe:
        """The pipe to another rank."""
        return GlooPipe(self._group, peer)

    def join_team(self, size: int) -> None:
        """Make this rank's team the default group of torch.distributed, which spreads a model over all of its ranks.

        Args:
            size: How many ranks are a team. All ranks call this, as often as each other.
        """
        if distributed.is_initialized():
            if distributed.get_world_size() == size:
                return
            distributed.destroy_process_group()
        self._teams += 1
        team, rank = divmod(self._ranks.rank, size)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
            store=PrefixStore(f"team/{self._teams}/{team}", self._store),
            rank=rank,
            world_size=size,
            timeout=timedelta(seconds=TEAM_SECONDS),
        )


def meet(ranks: Ranks, arrival: float = ARRIVAL, *, command: str = "") -> Meeting:
    """Wait for all ranks.

    Args:
        ranks: This process.
        arrival: Seconds for all to arrive.
        command: What this process does: all must do the same.

    Returns:
        Their meeting.

    Raises:
        ModelError: Some have not come, or do not belong to this run.
    """
    if ranks.address is None:
        raise ModelError(
            f"{ranks.launcher} started {ranks.size} processes on several machines, and does not say where they meet.",
            hint="Set MASTER_ADDR to the machine of rank 0, and MASTER_PORT to a free port there, for all of them.",
        )
    if not ranks.port:
        raise ModelError("MASTER_PORT is 0, which is no port.", hint="torchrun --standalone chooses a free one.")
    os.environ.update(MASTER_ADDR=ranks.address, MASTER_PORT=str(ranks.port))
    if ranks.on_one_machine and os.path.isdir(f"/sys/class/net/{_ONE_MACHINE}"):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", _ONE_MACHINE)
    deadline = time.monotonic() + arrival
    try:
        store = PrefixStore("proctor", _reach_store(ranks, arrival))
        _check_in(store, _about(ranks, command), ranks, deadline)
        group = ProcessGroupGloo(store, ranks.rank, ranks.size, timedelta(seconds=SILENCE))
    except (RuntimeError, OSError, ValueError) as error:
        late = f" within {arrival:.0f} s" if time.monotonic() >= deadline - 1 else ""
        raise _not_met(ranks, late, error) from error
    if group.size() != ranks.size:
        raise ModelError(f"{ranks.launcher} started {ranks.size} processes, and {group.size()} have met.")
    return Meeting(ranks, store, group)


def _reach_store(ranks: Ranks, arrival: float) -> Store:
    """The store of torch.distributed, which appears when all have reached it."""
    outcome: queue.SimpleQueue[Store | Exception] = queue.SimpleQueue()

    def reach() -> None:
        try:
            meeting = rendezvous("env://", ranks.rank, ranks.size, timeout=timedelta(seconds=arrival))
            outcome.put(next(iter(meeting))[0])
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            outcome.put(error)

    # In a thread: torch waits without looking at signals, and neither Ctrl-C nor a launcher could stop this process.
    threading.Thread(target=reach, daemon=True, name="proctor-meet").start()
    try:
        store = outcome.get(timeout=PATIENCE)
    except queue.Empty:
        log.warning(
            "Rank %d of %d waits for the others at %s, port %d, for at most %.0f s. If there are none, variables of %s "
            "are left over in this shell: unset them.",
            *(ranks.rank, ranks.size, ranks.address, ranks.port, arrival, ranks.launcher),
        )
        store = outcome.get()
    if isinstance(store, Exception):
        raise store
    return store


def _check_in(store: Store, own: Mapping[str, Any], ranks: Ranks, deadline: float) -> None:
    """Write down who this is, and look who the others are."""
    store.set(f"rank{ranks.rank}", json.dumps(own))
    keys = {rank: f"rank{rank}" for rank in range(ranks.size)}
    while missing := [rank for rank, key in keys.items() if not store.check([key])]:
        if time.monotonic() > deadline:
            raise ModelError(_absent(ranks, missing), hint="Look at what those processes have printed.")
        time.sleep(0.05)
    for rank, key in keys.items():
        other = json.loads(store.get(key))
        differing = [name for name in own if other.get(name) != own[name]]
        if differing:
            name = differing[0]
            raise ModelError(
                f"Rank {rank} does not belong to this run: its {name} is {other.get(name)}, that of rank {ranks.rank} "
                f"is {own[name]}.",
                hint="Start all ranks by one launcher, with the same installation and the same command.",
            )


def _about(ranks: Ranks, command: str = "") -> dict[str, Any]:
    """What all ranks must have in common."""
    try:
        release = version("proctor")
    except PackageNotFoundError:
        release = "unknown"
    return {"number of processes": ranks.size, "proctor": release, "torch": torch.__version__, "command": command}


def _absent(ranks: Ranks, missing: list[int]) -> str:
    numbers = ", ".join(map(str, missing))
    return f"Of {ranks.size} ranks, {len(missing)} did not arrive in time: {numbers}."


def _not_met(ranks: Ranks, late: str, error: Exception) -> ModelError:
    lines = error_text(error).splitlines()
    return ModelError(
        f"Rank {ranks.rank} of {ranks.size} has not met the others{late} at {ranks.address}, port "
        f"{ranks.port}: {lines[0] if lines else type(error).__name__}",
        hint="All ranks must be running, and must reach that address. MASTER_ADDR and MASTER_PORT choose another one; "
        "GLOO_SOCKET_IFNAME names the network device.",
    )
