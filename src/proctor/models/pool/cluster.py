"""A Ray cluster: joined or started, and how many workers it has room for."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import ModelError, UsageError, error_text
from proctor.lazy import need
from proctor.models.pool.arguments import PoolArguments, read_address
from proctor.models.pool.ray_signals import own_signals, signals_later
from proctor.plurals import counted
from proctor.secrets import redact_text

log = logging.getLogger("proctor")

CONNECT_SECONDS = 10.0
"""How long a cluster's address is tried."""
START_TRIES = 3
"""How often Ray is started here: it gives its own processes 30 s, which a busy machine may exceed."""
LOCAL = "local"
"""The address for a new cluster on this machine."""
AUTO = "auto"
"""The address for the cluster that runs on this machine."""

TOKEN_SECONDS = 60.0
"""How long it is waited for whether a cluster wants a token: Ray has to be imported for that."""
_ASK = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1])"
_ABSENT = (
    "'ray start --head' starts one; without an address proctor starts its own on this machine. Where one machine of a "
    "cluster has ~/.ray/auth_token, all of them need it."
)

Node = Mapping[str, float]
"""What a machine of the cluster has: ``CPU``, ``GPU`` and so on."""


@dataclass(slots=True)
class _Membership:
    """How many pools of this process are on a cluster that was joined for them; 0: none, or the script has joined."""

    pools: int = 0


_joined = _Membership()


@dataclass(frozen=True, slots=True)
class WorkerNeeds:
    """What one worker takes, and how many there shall be.

    Attributes:
        workers: How many.
        gpus: GPUs of each.
        cpus: CPUs of each.
        grows: Whether there shall be more as soon as the cluster has room for more.
    """

    workers: int
    gpus: float
    cpus: float
    grows: bool = False


def connect(arguments: PoolArguments) -> Any:
    """Join a cluster, or start one on this machine; :func:`leave` undoes it. One that is joined already stays.

    Args:
        arguments: The pool's.

    Returns:
        The module ``ray``.

    Raises:
        ModelError: There is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What Ray will do with a worker that takes no GPU: hide them all. It warns unless it is told.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    where = cluster_address(arguments.address, os.environ)
    if "ray" not in sys.modules and _wants_token(where):
        # Read when Ray is imported. In a cluster without tokens, workers could not reach a driver that has one.
        os.environ["RAY_AUTH_MODE"] = "token"
    ray: Any = need("ray", extra="ray")
    if ray.is_initialized():
        # Another pool of this process has joined, or a script has.
        _joined.pools += _joined.pools > 0
        return ray
    runtime = _runtime(arguments)
    # Ray takes "auto" itself, and sends the token of this machine where there is one.
    shown = (_noted_here(os.environ) or AUTO) if where == AUTO else where
    _announce(shown, arguments)
    try:
        _try_port(shown)
        _init(ray, {"address": where, **runtime})
    except Exception as error:
        log.debug("Where it failed:", exc_info=True)
        first = redact_text((error_text(error).strip() or type(error).__name__).splitlines()[0])
        if where == LOCAL:
            raise ModelError(f"Ray does not start here: {first}", hint="Ray's logs, /tmp/ray, have more.") from error
        raise ModelError(f"There is no Ray cluster at {shown}: {first}", hint=_ABSENT) from error
    _joined.pools = 1
    return ray


def _runtime(arguments: PoolArguments) -> dict[str, Any]:
    """What of a pool's arguments Ray brings to each machine."""
    if arguments.working_dir is None:
        return {}
    if not os.path.isdir(arguments.working_dir):
        raise UsageError(f"working_dir={arguments.working_dir} in --model_args is no folder.")
    return {"runtime_env": {"working_dir": arguments.working_dir}}


def cluster_address(given: str | None, environment: Mapping[str, str]) -> str:
    """Which cluster is joined: none that only happens to run on this machine, for others may use it.

    Args:
        given: The address in the command; None: there is none.
        environment: Variables. Ray prefers ``RAY_ADDRESS`` to ``auto``.

    Returns:
        An address as ``ray.init`` takes it; :data:`LOCAL`: a new cluster.

    Raises:
        UsageError: It is an address for programs outside of a cluster.
    """
    named = read_address(environment.get("RAY_ADDRESS")) if given in (None, AUTO) else None
    return named or given or LOCAL


def _noted_here(environment: Mapping[str, str]) -> str | None:
    """The address that ``ray start`` has left on this machine; the cluster may have ended since."""
    note = Path(environment.get("RAY_TMPDIR") or tempfile.gettempdir()) / "ray" / "ray_current_cluster"
    try:
        return note.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _announce(where: str, arguments: PoolArguments) -> None:
    if where == LOCAL:
        log.info("Starting Ray on this machine, for this run alone ...")
        return
    by = "" if where == arguments.address else ", which RAY_ADDRESS names"
    if arguments.address == AUTO and not os.environ.get("RAY_ADDRESS"):
        by = ", which was started on this machine"
    log.info("Joining the Ray cluster at %s%s ...", redact_text(where), by)


def _wants_token(address: str) -> bool:
    """Whether a cluster lets nobody in without a token, this machine has one, and nobody has said whether to send it.

    Another process asks: Ray itself would repeat on stderr, each second, that it is not let in.
    """
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    has_token = token.is_file() or "RAY_AUTH_TOKEN" in os.environ
    if ":" not in address or not has_token or "RAY_AUTH_MODE" in os.environ:
        return False
    try:
        _try_port(address)
        asked = subprocess.run(
            [sys.executable, "-c", _ASK, address], capture_output=True, timeout=TOKEN_SECONDS, text=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "InvalidAuthToken" in asked.stderr


def _init(ray: Any, keywords: Mapping[str, Any]) -> None:
    """Join or start, again where Ray's own processes have taken longer than it gives them."""
    for left in reversed(range(START_TRIES)):
        try:
            with own_signals():
                ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False, **keywords)
        except Exception as error:
            if not left or "timed out during startup" not in str(error):
                raise
            log.warning("Ray has not started in the time that it gives itself; it is tried again.")
        else:
            return


def leave(ray: Any) -> None:
    """Leave the cluster with the last pool, unless the script has joined it before.

    Args:
        ray: The module.
    """
    if _joined.pools:
        _joined.pools -= 1
        if not _joined.pools:
            with signals_later():
                ray.shutdown()


def is_alone(ray: Any) -> bool:
    """Whether the cluster was started by this process, and so is this machine and will be no more.

    Args:
        ray: The module.
    """
    node = ray._private.worker._global_node
    return _joined.pools > 0 and node is not None and node.head


def _try_port(address: str | None) -> None:
    """Raise OSError where nobody listens: Ray itself would try for minutes."""
    host, colon, port = (address or "").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()


def worker_needs(arguments: PoolArguments, nodes: Sequence[Node], *, devices: int, local: bool) -> WorkerNeeds:
    """How many workers there shall be, and what each takes.

    Args:
        arguments: What was asked for.
        nodes: The machines of the cluster.
        devices: GPUs that a copy of the model takes where there are some; 0: it computes elsewhere.
        local: Whether the cluster is this machine alone and stays so.

    Raises:
        UsageError: A cluster that cannot grow has no room for them.
    """
    has_gpus = any(node.get("GPU") for node in nodes)
    gpus = arguments.gpus if arguments.gpus is not None else float(devices if has_gpus else 0)
    cpus = arguments.cpus if arguments.cpus is not None else _cpus(arguments, nodes, gpus)
    fits = room(nodes, gpus, cpus)
    workers = arguments.workers
    if workers is None:
        workers = max(1, fits if gpus else min(fits, len(nodes)))
    if fits < workers:
        has = _has(nodes)
        wants = f"{counted(workers, 'worker')} with {amounts(gpus, cpus)} each"
        if local:
            raise UsageError(
                f"This machine has {has}: there is no room for {wants}.",
                hint="Lower num_workers, gpus_per_worker or cpus_per_worker in --model_args, or name a cluster: --ray.",
            )
        log.warning("The cluster has %s, room for %d of %s; the others start when there is.", has, fits, wants)
    return WorkerNeeds(workers, gpus, cpus, grows=arguments.workers is None)


def room(nodes: Sequence[Node], gpus: float, cpus: float) -> int:
    """How many workers fit on the machines of a cluster.

    Args:
        nodes: The machines.
        gpus: GPUs of a worker.
        cpus: CPUs of a worker.
    """
    count = 0
    for node in nodes:
        bounds = [int(node.get(name, 0.0) / each + 1e-9) for name, each in (("GPU", gpus), ("CPU", cpus)) if each]
        count += min(bounds, default=1)
    return count


def live_nodes(ray: Any) -> list[Node]:
    """The machines of the cluster that work."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _cpus(arguments: PoolArguments, nodes: Sequence[Node], gpus: float) -> float:
    """The CPUs of a worker where nobody says: one beside a GPU, else what a machine has, divided by its workers."""
    if gpus or not nodes:
        return 1.0
    workers = arguments.workers or len(nodes)
    on_each = -(-workers // len(nodes))
    return float(max(1, int(min(node.get("CPU", 1.0) for node in nodes)) // on_each))


def _has(nodes: Sequence[Node]) -> str:
    gpus, cpus = (sum(node.get(name, 0.0) for node in nodes) for name in ("GPU", "CPU"))
    return amounts(gpus, cpus)


def amounts(gpus: float, cpus: float) -> str:
    """``1 GPU and 4 CPUs``."""
    return f"{counted(gpus, 'GPU')} and {counted(cpus, 'CPU')}"
