"""How long finding tasks takes, as whole processes: `ls tasks` and selecting names, cold and warm.

    python bench/find_tasks.py FOLDER [--runs 5] [--names mmlu,hellaswag]

FOLDER is any folder of task files; lm-evaluation-harness's own (14,000 files, from its package on
PyPI) is the one that the promises are about: under 3 s without a cache, under 0.4 s with one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

LIMITS = {"cold": 3.0, "warm": 0.4}
LIST = "from proctor.cli.main import main; raise SystemExit(main(['ls', 'tasks', '--include_path', {folder!r}]))"
SELECT = (
    "from proctor.tasks.index import build_index\n"
    "from proctor.tasks.select import select\n"
    "print(len(select(build_index([{folder!r}]), {names!r}).leaves()))"
)


def seconds(code: str, cache: str) -> float:
    environment = {**os.environ, "PROCTOR_CACHE": cache, "LMEVAL_LOG_LEVEL": "ERROR"}
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    return taken


def measure(what: str, code: str, runs: int) -> bool:
    """Print median and range of cold and warm runs; whether the medians keep the promise."""
    with tempfile.TemporaryDirectory() as scratch:
        cold = [seconds(code, os.path.join(scratch, str(run))) for run in range(min(runs, 3))]
        warm = [seconds(code, os.path.join(scratch, "0")) for _ in range(runs)]
    kept = True
    for state, times in (("cold", cold), ("warm", warm)):
        median = statistics.median(times)
        kept &= median < LIMITS[state]
        verdict = "ok" if median < LIMITS[state] else "TOO SLOW"
        spread = f"({min(times):.3f} to {max(times):.3f}, {len(times)} runs)"
        print(f"{what:28} {state}  {median:6.3f} s {spread}  limit {LIMITS[state]} s  {verdict}")
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--names", default="mmlu,hellaswag,arc_*")
    given = parser.parse_args()
    names = given.names.split(",")
    kept = measure("ls tasks", LIST.format(folder=given.folder), given.runs)
    kept &= measure(f"select {given.names}", SELECT.format(folder=given.folder, names=names), given.runs)
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
