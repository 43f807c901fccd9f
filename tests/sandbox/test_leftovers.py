"""Programs that try to outlast their run, to fill what no limit bounds, or to read what was before them."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time

import pytest

from proctor.sandbox import leftovers
from proctor.sandbox.run import run_programs
from proctor.sandbox.supervisor import remove

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a program's threads and files")
CLEAR = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(1, 0, 0, 0, 0) == -1 and ctypes.get_errno() == 1, "it may outlive its guard"
assert libc.prctl(36, 1, 0, 0, 0) == -1, "it may adopt processes"
assert libc.prctl(4, 0, 0, 0, 0) == -1, "it may hide"
assert libc.prctl(15, b"name", 0, 0, 0) == 0
"""
THREADS = """
import threading, time
threading.stack_size(32768)
while True:
    threading.Thread(target=time.sleep, args=(60,)).start()
"""
UNLINKED = """
import os, time
held = []
for number in range(8):
    held.append(open(f"f{number}", "wb"))
    os.unlink(f"f{number}")
    held[-1].write(b"x" * 1_000_000)
    held[-1].flush()
time.sleep(60)
"""
MOVED = """
import os
os.makedirs(".moved-1/deep/er")
open(".moved-1/deep/file", "w").write("x")
os.makedirs("a/.moved-1/b")
os.makedirs("a/.moved-2")
"""
SEARCH = """
needle = b"erofeb-fo-eldeen"  # backwards: it must not find itself
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        area, rights = line.split()[:2]
        start, end = (int(part, 16) for part in area.split("-"))
        if rights.startswith("rw"):
            try:
                memory.seek(start)
                assert needle not in memory.read(end - start)[::-1], "the program before is in memory"
            except (OSError, ValueError, OverflowError):
                pass
"""


@LINUX
def test_a_program_may_not_outlive_its_guard():
    (outcome,) = run_programs([CLEAR])
    assert outcome.passed or "seccomp" in outcome.detail, outcome


@LINUX
@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_threads_are_bounded(skip):
    (outcome,) = run_programs([THREADS], seconds=20.0, skip=skip)
    assert (outcome.status, outcome.detail) == ("killed", "it started more than 200 threads")


@LINUX
def test_open_files_without_a_name_count_for_the_disk():
    (outcome,) = run_programs([UNLINKED], seconds=20.0, disk_mb=2, skip=("namespaces",))
    assert (outcome.status, outcome.detail) == ("killed", "it filled its disk")


def test_a_folder_that_is_named_like_ours_is_removed(tmp_path):
    folder = tmp_path / "program"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", MOVED], cwd=folder, check=False)
    assert done.returncode == 0
    remove(str(folder))
    assert not folder.exists()


@LINUX
def test_a_program_finds_nothing_of_the_one_before():
    needle = "needle-of" + "-before"
    before = "x = 1\n" + f"# {needle}\n" * 3000
    # Without Landlock a program may read its own memory; the one after runs in the same warden.
    outcomes = [run_programs([program], skip=("landlock",), seconds=20.0)[0] for program in (before, before, SEARCH)]
    assert [outcome.status for outcome in outcomes] == ["passed"] * 3, outcomes


def test_a_folder_without_an_owner_is_removed_by_the_next_sandbox(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f"{leftovers.PREFIX}{gone.pid}-x"
    held = tmp_path / f"{leftovers.PREFIX}{gone.pid}-y"
    young = tmp_path / f"{leftovers.PREFIX}{os.getpid()}-z"
    other = tmp_path / "something-else"
    for folder in (left, held, young, other):
        folder.mkdir()
    descriptor = os.open(held, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    leftovers.remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in (held, young, other))
    os.close(descriptor)
    leftovers.remove_leftovers(tmp_path)
    assert not held.exists()


@LINUX
def test_after_kill_9_the_next_start_cleans_up(tmp_path):
    code = (
        "import sys, time\n"
        "from proctor.sandbox.run import run_programs\n"
        "run_programs(['pass'])\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    started = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    started.stdout.close()
    for _ in range(600):  # the warden ends when it finds its line closed
        leftovers.remove_leftovers(tmp_path)
        if not list(tmp_path.glob(f"{leftovers.PREFIX}*")):
            break
        time.sleep(0.05)
    assert not list(tmp_path.glob(f"{leftovers.PREFIX}*"))
