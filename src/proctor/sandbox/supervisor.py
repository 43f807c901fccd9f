"""The process beside the harness that runs programs: one fresh, confined process for each.

It reads a line of JSON per program and writes one back. A program runs in a grandchild: between
it and the supervisor stands a guard, which holds the clock and ends whatever the program left behind.
Only the standard library is loaded, so that a program is started within milliseconds and finds
nothing of the harness in its memory.
"""

# How a program is run
# --------------------
#   harness          supervisor             guard                     program
#   (sandbox.run)    one per worker         one per program           one per guard
#
#   job line ------> fork ----------------> reads the job
#                    waits                  own PID, mount namespace
#                                           fork --------------------> landlock, seccomp, limits
#                                           first line <-------------- {"missing": ...} or {"refused": ...}
#                                           clock, threads, disk       exec(source)
#                                           last line <--------------- {"token": ...} or {"failed": ...}
#   answer line <-------------------------- kills what is left
#                    next job
#
# Why three processes
#   - The supervisor has imported what programs use, so a program is a fork, not a start of Python. It reads no job: its
#     memory is what later programs are born with.
#   - The guard holds the clock, because a program can stop any clock of its own. ``unshare`` of a PID namespace holds
#     for children to come, so who asks for one is not the program. The program is its PID 1: at its end the kernel
#     ends all others in it.
#   - The token, made by the guard for one program, is what "passed" means, so a program that ends early does not pass,
#     whatever its exit status. It guards against accidents only: a program that walks up its own call stack finds it
#     and can claim success. The sandbox protects the machine and the other programs, not the honesty of this one.
#
# What was weighed
#   - ``exec`` in the harness with a timer and removed functions, as HumanEval's reference does, which says itself that
#     it is no security sandbox.
#   - A container per program: a daemon, an image and rights that users of a shared machine often lack.
#   - seccomp or namespaces alone: either is switched off on some systems. So each layer is tried, and what is missing
#     is reported with the results.
#
# Invariants
#   - A program starts only if every layer holds that held for the first one (``job["missing"]``).
#   - One job, one answer line, however the program ends.
#   - When the harness ends, the supervisor finds its line closed after the program that runs, at the latest at that
#     program's deadline. When the supervisor ends, guard and program end at once (PR_SET_PDEATHSIG).
#
# Sources: pid_namespaces(7), user_namespaces(7), seccomp(2), landlock(7), prctl(2) of the Linux man pages.

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from proctor.sandbox import kernel
from proctor.sandbox.confine import Bounds
from proctor.sandbox.program import run_program
from proctor.sandbox.usage import Usage

_PRELOADED = (
    "bisect collections contextlib copy datetime decimal fractions functools heapq itertools math operator random re "
    "resource statistics string sysconfig textwrap threading typing"
)
_REPORT = 1 << 16
_LOOK = 0.02
"""Seconds between two looks at a program's threads and files."""
_END = 3
"""The exit status of a guard that found the line from the harness closed."""


def main() -> None:
    """Serve until the harness closes the line."""
    jobs, answers = os.dup(0), os.dup(1)
    _silence()
    settings = json.loads(_line_of(jobs, 1))  # the first program may follow at once
    for name in _PRELOADED.split():
        importlib.import_module(name)
    sys.path.extend(settings["packages"])
    missing = _prepare(settings["skip"])
    while _serve(jobs, answers, settings, missing):
        pass
    with contextlib.suppress(OSError):  # the harness may have been killed
        os.rmdir(settings["folder"])


def _silence() -> None:
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        null = os.open(os.devnull, flags)
        os.dup2(null, descriptor)
        os.close(null)


def _prepare(skip: Sequence[str]) -> dict[str, str]:
    """What is set up once for all programs; what of it cannot be, with the reason."""
    if "namespaces" in skip:
        return {"namespaces": "left out"}
    try:
        kernel.leave_the_network()
    except OSError as error:
        return {"namespaces": str(error)}
    return {}


def _line_of(descriptor: int, size: int = 1 << 16) -> bytes:
    """The next line, read ``size`` bytes at a time; b"" if there is none."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(descriptor, size)
        if not part:
            return b""
        line += part
    return line


def _serve(jobs: int, answers: int, settings: Mapping[str, Any], missing: Mapping[str, str]) -> bool:
    """Let a guard take the next program from the line, run it and answer; False if there are no more.

    The supervisor itself reads nothing of it: what it had read would stay in its memory, which the programs after
    this one are born with, and a program that searches its own memory would find the one before and its result.
    The harness sends the next program only when it has the answer to this one.
    """
    select.select([jobs], [], [])
    guard = os.fork()
    if guard == 0:
        line = _line_of(jobs)
        os.close(jobs)
        if not line:
            os._exit(_END)
        _guard(answers, json.loads(line), settings, dict(missing))
    _, status = os.waitpid(guard, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, _END):
        answer = _broken("the guard of the program ended without a word")
        os.write(answers, json.dumps(answer).encode() + b"\n")
    return code != _END


def _broken(detail: str) -> dict[str, str]:
    return {"status": "broken", "detail": detail}


def _guard(channel: int, job: Mapping[str, Any], settings: Mapping[str, Any], missing: dict[str, str]) -> NoReturn:
    """Hold the clock over one program, end all that came of it, and tell how it went."""
    try:
        answer = _guarded(job, settings, missing)
    except BaseException as error:  # noqa: BLE001 - it must not unwind into the supervisor's own loop
        answer = _broken(f"{type(error).__name__}: {error}")
    try:
        os.write(channel, json.dumps(answer).encode() + b"\n")
    finally:
        os._exit(0)


def _guarded(job: Mapping[str, Any], settings: Mapping[str, Any], missing: dict[str, str]) -> dict[str, Any]:
    folder, bounds = settings["folder"], Bounds(job["seconds"], job["memory"], job["disk"])
    if sys.platform == "linux":
        kernel.die_with_parent()
        kernel.adopt_orphans()
    if "namespaces" not in missing:
        try:
            kernel.own_processes_and_disk(folder, bounds.disk)
        except OSError as error:
            missing["namespaces"] = str(error)
    if "namespaces" not in missing:
        return _watched(folder, bounds, job, settings, missing)
    folder = os.path.join(folder, f"program-{os.getpid()}")
    os.mkdir(folder, 0o700)
    try:
        return _watched(folder, bounds, job, settings, missing)
    finally:
        _end_children()
        with contextlib.suppress(OSError):
            remove(folder)


def _watched(
    folder: str, bounds: Bounds, job: Mapping[str, Any], settings: Mapping[str, Any], missing: dict[str, str]
) -> dict[str, Any]:
    token = os.urandom(16).hex()
    reader, writer = os.pipe()
    program = os.fork()
    if program == 0:
        os.close(reader)
        run_program(writer, token, folder, bounds, job["source"], settings, missing)
    os.close(writer)
    try:
        line = _Line(reader)
        first = line.next(time.monotonic() + 10)
        if not first:
            return _broken("the program was lost before it was shut in")
        said = json.loads(first)
        if "refused" in said:
            return _broken(said["refused"])
        missing.update(said["missing"])
        if job["missing"] is not None and not set(missing) <= set(job["missing"]):
            return _broken(f"what held before does not hold any more: {missing}")
        deadline = time.monotonic() + bounds.seconds
        try:
            report = line.next(deadline, Usage(program, folder if "namespaces" in missing else "", bounds.disk))
            answer = _judged(report, token, program, deadline)
        except Exception as error:  # noqa: BLE001 - a program must not stop the programs after it
            answer = {"status": "killed", "detail": f"its guard failed: {type(error).__name__}: {error}"}
    finally:
        _kill(program)
    return {**answer, "missing": missing}


class _Line:
    """The line on which a program speaks, read up to a deadline."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.buffer, self.closed = descriptor, b"", False

    def next(self, deadline: float, usage: Usage | None = None) -> str | None:
        """What the program says next, "" if it has closed the line; None if it says nothing in time.

        ``usage``: looked at again and again meanwhile.
        """
        while b"\n" not in self.buffer and len(self.buffer) <= _REPORT and not self.closed:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            ready, _, _ = select.select([self.descriptor], [], [], left if usage is None else min(left, _LOOK))
            if usage is not None and not ready and (excess := usage.excess()):
                return json.dumps({"killed": excess})
            if ready:
                part = os.read(self.descriptor, _REPORT)
                self.buffer += part
                self.closed = not part
        said, _, self.buffer = self.buffer.partition(b"\n")
        return said.decode("utf-8", "replace")


def _judged(report: str | None, token: str, program: int, deadline: float) -> dict[str, Any]:
    if report is None:
        return {"status": "timed out", "detail": ""}
    try:
        said = json.loads(report)
        if said.get("token") == token:
            return {"status": "passed", "detail": ""}
        if "killed" in said:
            return {"status": "killed", "detail": str(said["killed"])}
        return {"status": "failed", "detail": str(said["failed"]), "text": str(said["text"])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return _ended(program, deadline)


def _ended(program: int, deadline: float) -> dict[str, Any]:
    """The program closed its line or wrote nonsense on it: how does it end?"""
    while time.monotonic() < deadline:
        pid, status = os.waitpid(program, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            if code in (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ):
                return {"status": "killed", "detail": f"by a limit (signal {-code})"}
            ending = f"by signal {-code}" if code < 0 else f"with exit status {code}"
            return {"status": "failed", "detail": f"ended {ending} before its tests had run"}
        time.sleep(0.005)
    return {"status": "timed out", "detail": ""}


def _kill(program: int) -> None:
    try:
        # Its group first, at one blow: whoever forks faster than one kills cannot outrun that.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(program, signal.SIGKILL)
        os.kill(program, signal.SIGKILL)
        os.waitpid(program, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def _end_children() -> None:
    """End what a program left behind where it had no process tree of its own."""
    listing = f"/proc/self/task/{os.getpid()}/children"
    for _ in range(1000):
        try:
            with open(listing, encoding="ascii") as file:
                children = [int(pid) for pid in file.read().split()]
        except OSError:
            return
        if not children:
            return
        for child in children:
            _kill(child)


def remove(folder: str) -> None:
    """Remove a folder however deep it is: what lies in its folders is first moved up into it."""
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
    while names := os.listdir(folder):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isdir(path):
                os.unlink(path)
                continue
            os.chmod(path, 0o700)
            for inner in os.listdir(path):
                # A name that the program can not have given to something of its own.
                os.rename(os.path.join(path, inner), os.path.join(folder, f".moved-{os.urandom(8).hex()}"))
            os.rmdir(path)
    os.rmdir(folder)
