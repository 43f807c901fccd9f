"""What the store costs and what it saves, in whole processes: ``python bench/store.py --model FOLDER [--pairs N]``.

Runs in turn with and without a store (a fresh one each time), then again with all answers stored; at
the end a million answers are written and looked up in one process. Wants the data sets of the tasks
that it names, from the hub or from the folder that it is started in.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from proctor.records import Query
from proctor.store.response_cache import ResponseCache
from proctor.store.runs import NewRun
from proctor.store.store import open_store
from proctor.types import Loglikelihood, Scores

MILLION = 1_000_000
CHOICES = (" A", " B", " C", " D")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--model", required=True, help="a folder with a small model: the smaller, the more a store weighs"
    )
    parser.add_argument("--tasks", default="hellaswag", help="of the paired runs")
    parser.add_argument("--limit", default="1000", help="of the paired runs")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--again", default="", help="tasks to run twice with five shots: the second time all is stored")
    parser.add_argument("--count", type=int, default=MILLION, help="answers to look up in one process")
    wanted = parser.parse_args()
    figures = {}
    with tempfile.TemporaryDirectory() as work:
        if wanted.pairs:
            figures["pairs"] = pairs(wanted, Path(work))
        if wanted.again:
            words = ["--tasks", wanted.again, "--num_fewshot", "5", "--batch_size", "auto"]
            store = Path(work, "again.sqlite")
            figures["again"] = [run(wanted.model, words, store, Path(work)) for _ in range(2)]
        if wanted.count:
            figures["lookups"] = lookups(wanted.count, Path(work))
    print(json.dumps(figures, indent=2))


def pairs(wanted: argparse.Namespace, work: Path) -> dict[str, object]:
    words = ["--tasks", wanted.tasks, "--limit", wanted.limit, "--batch_size", "16"]
    run(wanted.model, words, None, work)
    each = []
    for number in range(wanted.pairs):
        ways = [None, work / f"{number}.sqlite"]
        random.shuffle(ways)
        took = {way is not None: run(wanted.model, words, way, work) for way in ways}
        each.append({"without": took[False], "with": took[True]})
    cost = [pair["with"]["wall"] / pair["without"]["wall"] - 1 for pair in each]
    cpu = [pair["with"]["cpu"] / pair["without"]["cpu"] - 1 for pair in each]
    return {"runs": each, "cost_wall": statistics.median(cost), "cost_cpu": statistics.median(cpu)}


def run(model: str, words: list[str], store: Path | None, work: Path) -> dict[str, float]:
    """Wall and processor seconds of one process."""
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, "-m", "proctor", "run", "--model", "hf", "--device", "cpu"]
    command += ["--model_args", f"pretrained={model},dtype=float32", *words]
    command += ["--no_store"] if store is None else ["--store", str(store)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (work / "log").open("w") as log:
        subprocess.run(command, env={**os.environ, **threads}, stdout=log, stderr=subprocess.STDOUT, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def lookups(count: int, work: Path) -> dict[str, float]:
    """Writing and finding so many scored continuations of prompts of 600 characters."""
    identity = {"weights": "none"}
    queries = [
        Query("t", n, 0, 0, Loglikelihood(f"question {n} " + "x" * 600, CHOICES)) for n in range(count // len(CHOICES))
    ]
    shelf = open_store(work / "many.sqlite")
    assert shelf is not None
    answers = ResponseCache(shelf, identity)
    shelf.begin(NewRun(time.time(), "none", "bench", "/", {}, identity, answers.digest))
    began, cpu = time.perf_counter(), time.process_time()
    for query in queries:
        answers.keep(query, Scores(tuple((-random.random(), False) for _ in CHOICES)))
    shelf.close()
    kept, kept_cpu = time.perf_counter() - began, time.process_time() - cpu
    shelf = open_store(work / "many.sqlite")
    assert shelf is not None
    began, cpu = time.perf_counter(), time.process_time()
    found = ResponseCache(shelf, identity).find(queries)
    assert None not in found.responses
    size = (work / "many.sqlite").stat().st_size
    took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    shelf.close()
    return {"answers": count, "bytes_an_answer": size / count, "written_wall": kept, "written_cpu": kept_cpu, **took}


if __name__ == "__main__":
    main()
