#!/usr/bin/env python3
"""How much faster the bootstrap is than lm-eval's, and whether both give the same figure.

    python bench/bootstrap.py PEER_PYTHON [--size 2000] [--iters 100000] [--peer-iters 2000] [--threads 1] [--repeat 3]

PEER_PYTHON is a Python that has lm-eval installed. Both run on the same values with the same
number of threads (lm-eval: processes). lm-eval runs ``--peer-iters`` replicates, and its time is
scaled to ``--iters``; the figures are compared at ``--peer-iters``. sacrebleu's statistics are
bootstrapped 100 times, as lm-eval does. Exit status: 1 if a figure differs or a ratio is under 10.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PEER = """
import json, multiprocessing, os, sys, time, io, contextlib
job = json.load(sys.stdin)
threads = job["threads"]
if threads == 1:
    os.environ["DISABLE_MULTIPROC"] = "1"
multiprocessing.cpu_count = lambda: threads
from lm_eval.api import metrics
from lm_eval.api.registry import get_aggregation
import sacrebleu, sklearn.metrics
statistic = get_aggregation(job["name"])
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    metrics.bootstrap_stderr(statistic, job["values"][:10], 10)  # imports are not measured
    start = time.perf_counter()
    figure = metrics.bootstrap_stderr(statistic, job["values"], job["iters"])
print(json.dumps([float(figure), time.perf_counter() - start]))
"""
SENTENCE = "the a cat dog sat on mat under tree quickly , . and saw red blue house again"
FEW = ("bleu", "chrf", "chrf++", "ter")


def values_of(name: str, size: int) -> list[Any]:
    source = random.Random(1)
    if name == "perplexity":
        return [-source.expovariate(0.05) for _ in range(size)]
    if name in ("median", "nanmean"):
        return [source.gauss(0, 1) for _ in range(size)]
    if name == "f1":
        return [[source.randint(0, 1), source.randint(0, 1)] for _ in range(size)]
    if name == "matthews_corrcoef":
        return [[source.randint(0, 3), source.randint(0, 3)] for _ in range(size)]
    texts = [" ".join(source.choices(SENTENCE.split(), k=source.randint(4, 20))) for _ in range(2 * size)]
    return [list(pair) for pair in zip(texts[:size], texts[size:], strict=True)]


def ours(name: str, values: list[Any], iters: int, threads: int) -> tuple[float, float]:
    from proctor.metrics.aggregate import stderr_of
    from proctor.metrics.tables import AGGREGATIONS

    metric = name if name in FEW else "measured"
    statistic = AGGREGATIONS.get(name)
    stderr_of(statistic, metric, values[:10], bootstrap_iters=100)  # imports are not measured
    start = time.perf_counter()
    figure = stderr_of(statistic, metric, values, bootstrap_iters=iters, threads=threads)
    if figure is None:
        raise SystemExit(f"{name} gives no standard error")
    return figure, time.perf_counter() - start


def theirs(python: str, name: str, values: list[Any], iters: int, threads: int) -> tuple[float, float]:
    job = json.dumps({"name": name, "values": values, "iters": iters, "threads": threads})
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", PEER], input=job, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise SystemExit(f"the peer failed on {name}:\n{done.stderr[-2000:]}")
    figure, seconds = json.loads(done.stdout.splitlines()[-1])
    return figure, seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", help="a Python with lm-eval installed")
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--iters", type=int, default=100_000)
    parser.add_argument("--peer-iters", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", default=["perplexity", "median", "nanmean", "f1", "matthews_corrcoef", *FEW]
    )
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
    os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{given.size} values, {given.iters} replicates, {given.threads} thread(s)")
    print(f"{'statistic':18} {'lm-eval s':>10} {'ours s':>8} {'ratio':>7}  figure")
    good = True
    for name in given.only:
        values = values_of(name, given.size)
        iters, peer_iters = (100, 100) if name in FEW else (given.iters, given.peer_iters)
        figure, _ = ours(name, values, peer_iters, given.threads)
        expected, scaled, seconds = figure, float("inf"), float("inf")
        for _ in range(given.repeat):
            expected, peer_seconds = theirs(given.peer, name, values, peer_iters, given.threads)
            scaled = min(scaled, peer_seconds * iters / peer_iters)
            seconds = min(seconds, ours(name, values, iters, given.threads)[1])
        equal, ratio = figure == expected, scaled / seconds
        good = good and equal and ratio >= 10
        verdict = "equal" if equal else f"DIFFERS: {figure!r}, lm-eval {expected!r}"
        print(f"{name:18} {scaled:10.2f} {seconds:8.2f} {ratio:6.0f}x  {verdict}", flush=True)
    print(f"largest memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
