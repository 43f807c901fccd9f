"""What no limit of the system bounds: threads, and a disk that is not a program's own."""

from __future__ import annotations

import pytest
from sandboxed import LINUX, one

from proctor.sandbox.run import run_programs


@LINUX
@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_the_disk_is_not_filled(skip):
    assert one("open('a', 'w').write('x' * (200 << 20))", skip=skip).status != "passed"
    many = "for i in range(400):\n    open(str(i), 'w').write('x' * 1_000_000)"
    assert one(many, skip=skip).status in ("failed", "killed")


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


@LINUX
@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_threads_are_bounded(skip):
    (outcome,) = run_programs([THREADS], seconds=20.0, skip=skip)
    assert (outcome.status, outcome.detail) == ("killed", "it started more than 200 threads")


@LINUX
def test_open_files_without_a_name_count_for_the_disk():
    (outcome,) = run_programs([UNLINKED], seconds=20.0, disk_mb=2, skip=("namespaces",))
    assert (outcome.status, outcome.detail) == ("killed", "it filled its disk")
