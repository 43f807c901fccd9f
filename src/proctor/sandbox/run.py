"""Programs in, one outcome each: the harness's side of the sandbox."""

from __future__ import annotations

import atexit
import json
import logging
import os
import select
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from proctor.errors import ProctorError
from proctor.sandbox.confine import LAYERS
from proctor.sandbox.leftovers import descendants, new_folder

_log = logging.getLogger("proctor")
_MB = 1 << 20
_GRACE = 20.0
Status: TypeAlias = Literal["passed", "failed", "timed out", "killed"]


class SandboxError(ProctorError):
    """Programs of a model cannot be run apart from the rest on this machine."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one program ended. ``detail``: the last line of its error; ``text``: an exception's own words."""

    status: Status
    detail: str = ""
    text: str | None = None

    @property
    def passed(self) -> bool:
        """Whether it ran to its last line without an exception."""
        return self.status == "passed"


# The supervisor finds this package's folder as ``proctor.sandbox``, and nothing else of ours.
_START = """
import sys, types
for name, path in (("proctor", []), ("proctor.sandbox", [sys.argv[1]])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = path
from proctor.sandbox.supervisor import main
main()
"""


class _Supervisor:
    """A running supervisor process: one program at a time."""

    def __init__(self, skip: Collection[str]) -> None:
        self.folder, lock = new_folder()
        quiet = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-S", "-B", "-c", _START, str(Path(__file__).parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=quiet,
            cwd=self.folder,
            start_new_session=True,
            bufsize=0,
            pass_fds=(lock,),
        )
        os.close(lock)  # the supervisor holds it, as long as it or a guard lives
        packages = list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
        self._send({"folder": self.folder, "packages": packages, "skip": sorted(skip)})
        first = self._request({"source": "", "seconds": 30.0, "memory": 1 << 30, "disk": _MB, "missing": None}, 60.0)
        if first is None or first["status"] != "passed":
            self.close()
            raise SandboxError(
                "The sandbox for the model's programs does not start: "
                + (first["detail"] if first else "its process ended."),
            )
        self.missing: Mapping[str, str] = first["missing"]

    def _send(self, line: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")

    def _request(self, job: Mapping[str, Any], seconds: float) -> dict[str, Any] | None:
        """The supervisor's answer; None if it died or does not answer."""
        try:
            self._send(job)
        except OSError:
            return None
        assert self.process.stdout is not None
        reply, deadline = b"", time.monotonic() + seconds
        while not reply.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not part:
                return None
            reply += part
        return json.loads(reply)

    def run(self, program: str, seconds: float, memory: int, disk: int) -> Outcome | None:
        """The outcome of a program; None if the supervisor was lost over it."""
        job = {"source": program, "seconds": seconds, "memory": memory, "disk": disk, "missing": list(self.missing)}
        answer = self._request(job, seconds + _GRACE)
        if answer is None:
            return None
        if answer["status"] == "broken":
            raise SandboxError(f"A program of the model could not be shut in: {answer['detail']}")
        return Outcome(answer["status"], answer["detail"], answer.get("text"))

    def close(self) -> None:
        below = descendants(self.process.pid)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        for pid in below:  # programs have groups of their own
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, 9)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Pool:
    """Wardens that wait for work: to start one takes longer than most programs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: dict[frozenset[str], list[_Supervisor]] = {}
        self.missing: Mapping[str, str] | None = None

    @contextmanager
    def one(self, skip: frozenset[str]) -> Iterator[_Supervisor]:
        with self.lock:
            waiting = self.idle.setdefault(skip, [])
            supervisor = waiting.pop() if waiting else None
        if supervisor is None:
            supervisor = _Supervisor(skip)
            self._warn_of_missing(supervisor.missing, skip)
        try:
            yield supervisor
        except BaseException:
            supervisor.close()
            raise
        if supervisor.process.poll() is not None:
            supervisor.close()
            return
        with self.lock:
            self.idle.setdefault(skip, []).append(supervisor)

    def _warn_of_missing(self, missing: Mapping[str, str], skip: frozenset[str]) -> None:
        if skip:
            return
        with self.lock:
            known, self.missing = self.missing, missing
        if missing and known != missing:
            lacking = "; ".join(f"{LAYERS[name]} ({name}: {reason})" for name, reason in missing.items())
            _log.warning("The model's programs run without some bounds that this system does not offer: %s.", lacking)

    def close(self) -> None:
        with self.lock:
            supervisors = [supervisor for waiting in self.idle.values() for supervisor in waiting]
            self.idle.clear()
        for supervisor in supervisors:
            supervisor.close()


_pool = _Pool()
# A forked child must not speak on its parent's lines.
os.register_at_fork(after_in_child=_pool.__init__)
atexit.register(_pool.close)


def run_programs(
    programs: Sequence[str],
    *,
    seconds: float = 3.0,
    memory_mb: int = 1024,
    disk_mb: int = 64,
    workers: int = 4,
    skip: Collection[str] = (),
) -> list[Outcome]:
    """Run each program in a process of its own.

    A program passes if it runs to its end without an exception in time. It may start threads, but no
    processes.

    Args:
        programs: Source texts.
        seconds: How long one may run.
        memory_mb: What it may allocate, in MiB.
        disk_mb: What it may write, in MiB.
        workers: How many run at a time.
        skip: Layers of :data:`LAYERS` to leave out, as a system would that lacks them.

    Returns:
        One outcome per program, in their order.

    Raises:
        SandboxError: The sandbox does not start, or a bound that held before does not hold any more.
    """

    def run(program: str) -> Outcome:
        with _pool.one(frozenset(skip)) as supervisor:
            outcome = supervisor.run(program, seconds, memory_mb * _MB, disk_mb * _MB)
            if outcome is None:
                supervisor.close()
        return outcome or Outcome("killed", "the sandbox was lost with it")

    if min(workers, len(programs)) <= 1:
        return [run(program) for program in programs]
    with ThreadPoolExecutor(min(workers, len(programs)), thread_name_prefix="sandbox") as pool:
        return list(pool.map(run, programs))


def bounds_report() -> dict[str, str] | None:
    """Per layer "in force" or why it is not, for the results; None if no program was run."""
    if _pool.missing is None:
        return None
    return {name: f"not in force: {_pool.missing[name]}" if name in _pool.missing else "in force" for name in LAYERS}
