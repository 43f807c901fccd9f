"""What launched this process is found behind what stands in between."""

from __future__ import annotations

import os

from proctor.models.pool.launcher_process import launcher_process


def system(folder, *processes):
    """Ancestors of this process from the nearest on: their variables."""
    numbers = [os.getppid(), *range(900_001, 900_000 + len(processes)), 1]
    for number, above, variables in zip(numbers, numbers[1:], processes, strict=False):
        (folder / str(number)).mkdir()
        (folder / str(number) / "environ").write_bytes(b"\0".join(variables))
        (folder / str(number) / "stat").write_text(f"{number} (a ) name) S {above} 7 7 0")
    return folder


def test_the_parent_launched_it(tmp_path):
    assert launcher_process(system(tmp_path, [b"HOME=/"], [b"HOME=/"])) == os.getppid()


def test_a_script_stands_in_between(tmp_path):
    rank = [b"HOME=/", b"PMI_RANK=1"]
    assert launcher_process(system(tmp_path, rank, rank, [b"NOT_PMI_RANK=1"])) == 900_002


def test_where_processes_cannot_be_seen_it_is_the_parent(tmp_path):
    assert launcher_process(tmp_path) == os.getppid()
    assert launcher_process(system(tmp_path, [b"PMI_RANK=1"])) == os.getppid()
