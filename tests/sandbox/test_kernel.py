"""System calls that a program is refused, each layer where it stands alone."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time

import pytest
from sandboxed import LINUX, need, one

from proctor.sandbox.run import run_programs


@LINUX
def test_no_process_is_started(bounds):
    need(bounds, "seccomp")
    for program in (
        "import os\nos.fork()",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.execv('/bin/true', ['true'])",
        "import os\nos.posix_spawn('/bin/true', ['true'], {})",
        "import os\nfor _ in range(200):\n    os.fork()",
        "import multiprocessing as m\nm.get_context('fork').Process(target=print).start()",
    ):
        assert one(program).status == "failed", program


OTHER_ARCHITECTURE = platform.machine() != "x86_64"
SYSCALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
"""


@LINUX
@pytest.mark.parametrize("skip", [(), ("namespaces",), ("landlock", "namespaces")])
def test_no_signal_is_sent_by_way_of_a_ready_file(bounds, skip):
    need(bounds, "seccomp")
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    own = "import fcntl, os, socket, struct\na, b = socket.socketpair()\n"
    arm = "fcntl.fcntl(a, 4, os.O_ASYNC | os.O_NONBLOCK)\nb.send(b'x')"
    try:
        for setting in (
            f"fcntl.fcntl(a, 10, 9)\nfcntl.fcntl(a, 8, {victim.pid})\n{arm}",
            f"fcntl.fcntl(a, 8, {victim.pid})\n{arm}",
            f"fcntl.fcntl(a, 15, struct.pack('ii', 1, {victim.pid}))\n{arm}",
            f"fcntl.ioctl(a, 0x8901, struct.pack('i', {victim.pid}))\n{arm}",
            f"fcntl.ioctl(a, 0x8902, struct.pack('i', {victim.pid}))\n{arm}",
        ):
            outcome = one(own + setting, skip=skip)
            assert outcome.status == "failed", setting
            assert "PermissionError" in outcome.detail, setting
        time.sleep(0.05)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


@LINUX
@pytest.mark.skipif(OTHER_ARCHITECTURE, reason="the numbers are those of x86-64")
@pytest.mark.parametrize("skip", [(), ("namespaces",), ("landlock", "namespaces")])
def test_calls_that_reach_into_other_processes_or_the_kernel_are_refused(bounds, skip):
    need(bounds, "seccomp")
    pid = os.getpid()
    for name, call in {
        "ptrace attach": f"101, 16, {pid}, 0, 0",
        "process_vm_readv": f"310, {pid}, 0, 0, 0, 0, 0",
        "pidfd_open": f"434, {pid}, 0",
        "kcmp": f"312, {pid}, {pid}, 0, 0, 0",
        "keyctl": "250, 0, -3, 1",
        "add_key": "248, b'user', b'x', b'y', 1, -3",
        "request_key": "249, b'user', b'x', 0, -3",
        "sched_setaffinity of another": f"203, {pid}, 8, b'1' * 8",
        "prlimit of another": f"302, {pid}, 7, 0, 0",
        "shmget": "29, 0, 4096, 0o1600",
        "memfd_create": "319, b'x', 0",
        "io_uring": "425, 1, b'x' * 128",
        "bpf": "321, 0, 0, 0",
        "userfaultfd": "323, 0",
        "a namespace of its own": "272, 0x10000000",
        "an abstract socket": "41, 1, 1, 0",
        "a file by its handle": "304, 3, 0, 0",
        "the kernel's log": "103, 3, b'x' * 64, 64",
    }.items():
        outcome = one(f"{SYSCALL}\ncall({call})", skip=skip)
        assert outcome.status == "failed", name
        assert "PermissionError" in outcome.detail, (name, outcome.detail)
    # The 32-bit entry of the kernel has other numbers: the first call through it is the last.
    thirty_two = (
        "import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7)\nm.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()"
    )
    assert one(thirty_two, skip=skip).status != "passed"


CLEAR = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(1, 0, 0, 0, 0) == -1 and ctypes.get_errno() == 1, "it may outlive its guard"
assert libc.prctl(36, 1, 0, 0, 0) == -1, "it may adopt processes"
assert libc.prctl(4, 0, 0, 0, 0) == -1, "it may hide"
assert libc.prctl(15, b"name", 0, 0, 0) == 0
"""


@LINUX
def test_a_program_may_not_outlive_its_guard():
    (outcome,) = run_programs([CLEAR])
    assert outcome.passed or "seccomp" in outcome.detail, outcome
