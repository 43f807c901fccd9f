"""A run of several processes that loses one, is stopped, or has no room to store, at any moment: nothing is lost.

The moment is drawn by the number of the round: while processes start, or after some responses. ``CLUSTER_ROUNDS`` says
how many rounds there are (`make cluster`); without it there is one for ranks and one for Ray.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from faultkit import DEMO, committed, results_of, write_exam

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs torch")]

ROUNDS = int(os.environ.get("CLUSTER_ROUNDS", "0"))
END = 60.0
"""Seconds from a fault to the end of the run."""
LEFT = {"ranks": END, "ray": 150.0}
"""Seconds from a fault to the end of all processes. Those that Ray has just started when their driver is killed wait
for their cluster for more than a minute."""
STARTING, ANSWERING = 30.0, 300.0
SIGNALS = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM, "interrupt": signal.SIGINT}
RANK_FAULTS = ("kill rank", "kill rank 0", "terminate launcher", "interrupt launcher", "full disk")
RAY_FAULTS = ("kill worker", "kill driver", "terminate driver", "interrupt driver", "full disk")
SHORT = {"ranks": RANK_FAULTS.index("full disk"), "ray": RAY_FAULTS.index("interrupt driver")}
"""The rounds without ``CLUSTER_ROUNDS``."""
GOES_ON = ("kill worker", "full disk")
"""Faults that a run survives."""
UNSEEN = ("kill driver",)
"""Faults that leave nobody to report them."""


@dataclass
class Run:
    """A command with all the processes that it starts, which have a variable of their own."""

    folder: Path
    process: subprocess.Popen[bytes]
    mark: bytes

    def members(self, role: str | None = None) -> list[int]:
        """Its processes, or those of a role: ``rank 0``, ``rank``, ``worker``."""
        return [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if self._is_member(pid, role)]

    def _is_member(self, pid: int, role: str | None) -> bool:
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0]
        except OSError:
            return False
        if self.mark not in variables or state == "Z":
            return False
        ranks = [one[5:] for one in variables if one.startswith(b"RANK=")]
        if role is None:
            return True
        if role == "worker":
            return command.startswith(b"ray::Worker")
        return bool(ranks) and (ranks[0] == b"0") == (role == "rank 0")

    def errors(self) -> str:
        """What it has written to stderr."""
        return (self.folder / "err").read_text("utf-8", "replace")

    def end(self, seconds: float, left_seconds: float = END) -> int:
        """The exit code, when all of its processes have ended."""
        limit = time.monotonic() + max(seconds, left_seconds)
        try:
            code = self.process.wait(seconds)
            while left := self.members():
                assert time.monotonic() < limit, f"processes are left: {[_command(pid) for pid in left]}"
                time.sleep(0.2)
        finally:
            for pid in self.members():
                os.kill(pid, signal.SIGKILL)
        return code


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:200]
    except OSError:
        return str(pid)


def start(folder: Path, command: list[str]) -> Run:
    """Start a command in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = f"FAULTS_RUN={folder}-{time.monotonic_ns()}"
    dropped = ("RANK", "WORLD_SIZE", "RAY_ADDRESS", "PROCTOR_STORE")
    environment = {key: value for key, value in os.environ.items() if key not in dropped}
    environment |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment |= dict([mark.split("=", 1)])
    with (folder / "out").open("ab") as out, (folder / "err").open("ab") as err:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err, start_new_session=True)
    return Run(folder, process, mark.encode())


def command_of(launcher: str, tasks: list[Path], store: Path) -> list[str]:
    """The same run by one process, by two ranks, or by two workers of Ray."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    begin = [sys.executable]
    if launcher == "ranks":
        begin += ["-m", "torch.distributed.run", "--master_port", port, "--nproc_per_node", "2"]
    args = f"pretrained={DEMO / 'model'},dtype=float32"
    more = []
    if launcher == "ray":
        args, more = f"{args},num_workers=2,cpus_per_worker=0.5", ["--ray", "local"]
    return [
        *(*begin, "-m", "proctor", "run", "--model", "hf", "--model_args", args, *more),
        *("--tasks", ",".join(map(str, tasks)), "--store", str(store), "--output_path", "results", "--log_samples"),
        *("--batch_size", "1", "--batch_invariant", "--device", "cpu"),
    ]


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pools")
    return [write_exam(folder / kind, kind) for kind in ("scoring", "generation", "rolling")]


@pytest.fixture(scope="module")
def undisturbed(tasks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    run = start(folder, command_of("one", tasks, folder / "s.sqlite"))
    assert run.end(ANSWERING) == 0, run.errors()
    return folder


@pytest.fixture
def small_disk(tmp_path):
    """A disk with room for the store of about half of the run."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "proctor-test", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> None:
    """Leave no room."""
    with (folder / "filler").open("wb", buffering=0) as stream:
        for size in (1 << 16, 64):
            while True:
                try:
                    stream.write(b"\0" * size)
                except OSError:
                    break


def wait_for_moment(run: Run, fault: str, chance: random.Random, store: Path, rows: int) -> None:
    """While processes start (where that can be told from outside), or when a part of the responses is stored."""
    early = fault not in GOES_ON and chance.random() < 0.3
    limit = time.monotonic() + (chance.uniform(1.0, STARTING) if early else ANSWERING)
    wanted = chance.uniform(0.02, 0.7) * rows
    while time.monotonic() < limit and run.process.poll() is None:
        if committed(store) >= wanted:
            return
        time.sleep(0.05)
    assert early, f"{wanted:.0f} responses were never stored: {run.errors()[-2000:]}"


def cause(run: Run, fault: str, chance: random.Random, disk: Path) -> None:
    """The fault itself; one of the processes that are meant may not have started yet."""
    if fault == "full disk":
        fill(disk)
        return
    verb, _, whom = fault.partition(" ")
    outer = whom in ("launcher", "driver")
    victims = [run.process.pid] if outer else run.members(whom)
    if victims:
        os.kill(chance.choice(victims), SIGNALS[verb])
    else:
        run.process.terminate()


def check_end(run: Run, launcher: str, fault: str) -> None:
    """It ends in time, in a sentence, with all of its processes."""
    if fault in GOES_ON:
        assert run.end(ANSWERING) == 0, run.errors()[-4000:]
    else:
        assert run.end(END, LEFT[launcher]) != 0
    shown = run.errors()
    sentence = r"proctor: error: |proctor: stopped by |Rank 0 has ended|another takes its place|the disk is full"
    assert fault in UNSEEN or re.search(sentence, shown), shown[-4000:]
    assert 'File "' + str(DEMO.parents[1]) not in shown, shown[-4000:]


def cached_before(shown: str) -> int:
    """How many requests a run has found in its store."""
    found = re.search(r"The responses to ([\d,]+) of [\d,]+ requests are cached", shown)
    return int(found[1].replace(",", "")) if found else 0


CASES = [
    (launcher, faults[number % len(faults)], number)
    for launcher, faults in (("ranks", RANK_FAULTS), ("ray", RAY_FAULTS))
    for number in (range(ROUNDS) if ROUNDS else (SHORT[launcher],))
]


@pytest.mark.parametrize(("launcher", "fault", "number"), CASES, ids=[f"{a}, {b}, {c}" for a, b, c in CASES])
def test_a_fault_at_any_moment_loses_nothing(launcher, fault, number, tasks, undisturbed, tmp_path, request):
    if launcher == "ray":
        pytest.importorskip("ray", reason="needs Ray: pip install '.[ray]'")
    chance = random.Random(f"{launcher} {fault} {number}")
    disk = request.getfixturevalue("small_disk") if fault == "full disk" else tmp_path
    store = disk / "s.sqlite"
    run = start(tmp_path, command_of(launcher, tasks, store))
    wait_for_moment(run, fault, chance, store, committed(undisturbed / "s.sqlite"))
    if run.process.poll() is None:
        cause(run, fault, chance, disk)
        check_end(run, launcher, fault)
    (disk / "filler").unlink(missing_ok=True)
    stored, shown = committed(store), run.errors()

    again = start(tmp_path, command_of(launcher, tasks, store))
    assert again.end(ANSWERING) == 0, again.errors()[-4000:]
    # A document of four options is four rows, and all others are one.
    assert stored / 4 <= cached_before(again.errors()[len(shown) :]) <= stored
    assert committed(store) == committed(undisturbed / "s.sqlite")
    whole, ours = (json.loads(results_of(folder)[0]) for folder in (undisturbed, tmp_path))
    assert without_arguments(ours) == without_arguments(whole)
    assert samples_of(tmp_path) == samples_of(undisturbed)


def without_arguments(document):
    """Results without the arguments of the model, which say by how many it responds."""
    document["config"].pop("model_args")
    for config in document["configs"].values():
        config.pop("metadata", None)
    return document


def samples_of(folder: Path) -> dict[str, str]:
    """The newest samples of each task."""
    files = sorted((folder / "results").glob("*/samples_*.jsonl"), key=lambda file: file.stat().st_mtime)
    return {file.name.rsplit("_", 1)[0]: file.read_text("utf-8") for file in files}
