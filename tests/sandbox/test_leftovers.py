"""Programs that try to outlast their run, to fill what no limit bounds, or to read what was before them."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time

from sandboxed import LINUX

from proctor.sandbox import leftovers


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
