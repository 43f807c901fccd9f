"""How quickly prompts are built: every task whose data set is in the hub mirror, beside lm-eval, without a model.

    python bench/prompts.py --peer-python PEER/bin/python [--limit 100] [--tasks PATTERN ...]

Each program is one process on one thread that reads lm-eval's own task files, loads the data and writes
every request with its context, continuation or settings, and target to a file, with the shots that the
tasks say; the two files must be equal. Data sets are prepared for both beforehand, by a run that is not timed.
Times are CPU seconds, which do not move with what else the machine does. "Building" is from documents
to requests alone: `plan_task` here, `build_all_requests` there.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from peer import Failed, peer_python, shared_folder  # noqa: E402
from prompt_parity import DUMP, RECORDER, WHERE, candidates  # noqa: E402

GOAL = 20.0


@dataclass(frozen=True)
class Timed:
    """CPU seconds of one program. ``whole``: the process, its imports and the writing included."""

    whole: float
    loading: float
    building: float


def measure(command: Sequence[str], names: Sequence[str], hub: Path, cache: Path) -> Timed:
    """Run one program on the tasks ``names``."""
    environment = {
        **os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false", "HF_DATASETS_CACHE": str(cache), "LMEVAL_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, input="\n".join(names), cwd=hub, env=environment, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    parts = json.loads(done.stdout.strip().splitlines()[-1])
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Timed(whole, parts["loading"], parts["building"])


def show(theirs: Timed, ours: Timed, requests: int) -> None:
    """A table of seconds, rates and ratios."""
    print(f"{'':16} {'lm-eval, s':>11} {'proctor, s':>11} {'ratio':>7} {'lm-eval, 1/s':>13} {'proctor, 1/s':>13}")
    for what in ("whole", "loading", "building"):
        left, right = getattr(theirs, what), getattr(ours, what)
        name = {"whole": "whole process"}.get(what, what)
        rates = f"{requests / left:13,.0f} {requests / right:13,.0f}"
        print(f"{name:16} {left:11.1f} {right:11.1f} {left / right:6.1f}x {rates}")


def main() -> int:
    """Time both; 1 where the files differ or the whole process is not twenty times quicker."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", help="a Python that has lm_eval 0.4.13 ($PEER_PYTHON)")
    parser.add_argument("--tasks", nargs="+", default=[], metavar="PATTERN", help="only these tasks")
    parser.add_argument("--limit", type=int, default=0, help="documents of each task; 0: all of them")
    options = parser.parse_args()
    try:
        peer = peer_python(options.peer_python)
    except Failed as failure:
        raise SystemExit(f"prompts: {failure}") from None
    hub = shared_folder() / "hub"
    if not hub.is_dir():
        raise SystemExit(f"there is no {hub} (set PROCTOR_SHARED to the folder of the test data)")
    find = [peer, "-c", WHERE]
    tasks = subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip()
    names = [candidate.name for candidate in candidates(hub, [tasks], options.tasks)]
    with tempfile.TemporaryDirectory(prefix="bench-prompts-") as scratch:
        files = [Path(scratch, "theirs.jsonl"), Path(scratch, "ours.jsonl")]
        programs = ([peer, str(RECORDER)], [sys.executable, str(DUMP), "--include_path", tasks])
        timed = []
        for program, file in zip(programs, files, strict=True):
            command = [*program, "--out", str(file), "--build_only", "--modes", "plain-default", "--limit"]
            cache = Path(scratch, f"cache-{file.stem}")
            measure([*command, "1"], names, hub, cache)
            timed.append(measure([*command, str(options.limit)], names, hub, cache))
        with files[0].open(encoding="utf-8") as lines:
            requests = sum(1 for _ in lines)
        equal = filecmp.cmp(*files, shallow=False)
    print(f"{len(names)} tasks, {requests:,} requests, the two dumps are {'equal' if equal else 'DIFFERENT'}")
    show(*timed, requests)
    return 0 if equal and timed[0].whole >= GOAL * timed[1].whole else 1


if __name__ == "__main__":
    raise SystemExit(main())
