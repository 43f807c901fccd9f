"""The layers together: bounded memory, threads and files, and none for the superuser without seccomp."""

from __future__ import annotations

import os

import pytest
from sandboxed import LINUX, one

from proctor.sandbox.run import SandboxError


@LINUX
@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser is refused")
def test_without_seccomp_the_superuser_is_refused():
    with pytest.raises(SandboxError, match="are not run by the superuser"):
        one("", skip=("seccomp",))


@LINUX
def test_bombs_of_memory_threads_and_files_are_bounded():
    assert one("x = bytearray(1 << 33)").detail == "MemoryError"
    assert one("x = []\nfor _ in range(200):\n    x.append(bytearray(1 << 24))", seconds=60).detail == "MemoryError"
    threads = (
        "import threading, time\nfor _ in range(1000):\n    threading.Thread(target=time.sleep, args=(60,)).start()"
    )
    assert one(threads).status in ("failed", "timed out", "killed")
    assert one("f = [open('/dev/null') for _ in range(100)]").detail.startswith("OSError")
