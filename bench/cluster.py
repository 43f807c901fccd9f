"""What the process of a pool costs: planner, queue, store, grades and samples file, against scripted workers.

    python bench/cluster.py [--requests 100000 1000000] [--workers 64] [--words 60] [--chunk 100000] [--ray]

A run of a generated multiple-choice task (four options, so four requests a document, as lm-eval counts them) goes
the whole way of a run with a pool; only the workers are none: each holds a unit, and gives its responses in batches
that are packed and unpacked as they are on the way from another process. What the packing costs is the workers' and is
subtracted; the unpacking is the pool's. ``--ray`` also measures what Ray itself takes of this process for each batch,
with two real actors. Each size runs in a process of its own; the last line extrapolates to 100 million requests from
the slopes between the two largest sizes, and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

OPTIONS = 4
TASK = """\
task: scale
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: gold
metric_list:
  - metric: acc
  - metric: acc_norm
"""


class ScriptedWorkers:
    """Workers that have computed everything already: in turn, each gives a batch of the unit that it holds.

    Attributes:
        seconds: CPU seconds of what would happen in other processes.
        batches: Batches that were given.
        megabytes: The most memory of this process that was seen, files' pages left out.
    """

    def __init__(self, count: int) -> None:
        self._works: dict[int, deque[tuple[int, Any]] | None] = dict.fromkeys(range(count))
        self.planned = count
        self.seconds, self.batches, self.megabytes = 0.0, 0, 0.0

    def start(self, worker: int, work: Any) -> None:
        self._works[worker] = deque((place, work.requests[place]) for place in work.missing)

    def idle(self) -> Sequence[int]:
        return [worker for worker, work in self._works.items() if work is None]

    def discard(self, worker: int) -> None:
        raise AssertionError(worker)

    def reports(self) -> Sequence[Mapping[str, Any]]:
        return []

    def events(self) -> Iterator[Any]:
        from proctor.models.pool.events import WorkerDone, WorkerResponses

        self.megabytes = max(self.megabytes, anonymous_mb())
        for worker, work in list(self._works.items()):
            if work is None:
                continue
            packed = self._pack(work)
            yield WorkerResponses(worker, pickle.loads(packed).pairs)
            if not work:
                self._works[worker] = None
                yield WorkerDone(worker)

    def _pack(self, work: deque[tuple[int, Any]]) -> bytes:
        from proctor.models.pool.ray_worker import FULL, Batch
        from proctor.types import Scores

        began = time.thread_time()
        taken = [work.popleft() for _ in range(min(FULL, len(work)))]
        pairs = [
            (place, Scores(tuple((-1.0 - random.random(), False) for _ in one.continuations), (3,) * OPTIONS))
            for place, one in taken
        ]
        packed = pickle.dumps(Batch(pairs), protocol=5)
        self.batches += 1
        self.seconds += time.thread_time() - began
        return packed


class ScriptedPool:
    """A pool as :class:`proctor.models.pool.ray_pool.RayPool` is one, on scripted workers."""

    name = "scripted"
    identity: Mapping[str, Any] = {"kind": "scripted", "version": 1}
    info: Mapping[str, Any] = {}
    is_remote = True
    loading = "Starting workers"

    def __init__(self, workers: int) -> None:
        self.workers = ScriptedWorkers(workers)
        self.planning = self.waiting = 0.0
        self._ended: float | None = None

    def respond(self, requests: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        from proctor.models.pool.dispatch import Dispatch, respond_by
        from proctor.models.pool.partition import request_load, work_queue

        began = time.thread_time()
        units = [unit.members for unit in work_queue([request_load(one) for one in requests], self.workers.planned)]
        dispatch = Dispatch(requests, units, range(len(requests)))
        self.planning += time.thread_time() - began
        if self._ended is not None:
            self.waiting += time.thread_time() - self._ended
        yield from respond_by(self.workers, dispatch)
        self._ended = time.thread_time()

    def render(self, messages: Sequence[Mapping[str, str]], **_: Any) -> str:
        raise AssertionError(messages)

    def chat_template(self, name: str | bool) -> str:
        return ""

    def report(self) -> Mapping[str, Any]:
        return {"truncated": {}, "batch_sizes": [], "scoring": {}}

    def close(self) -> None:
        pass


def write_task(folder: Path, documents: int, words: int, *, letters: bool = False) -> Path:
    draw = random.Random(0)
    vocabulary = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(5000)]
    # Of three words each: to draw millions of questions word by word takes longer than their run.
    phrases = [" ".join(draw.choices(vocabulary, k=3)) for _ in range(5000)]
    with (folder / "data.jsonl").open("w") as file:
        for number in range(documents):
            question = f"{number} {' '.join(draw.choices(phrases, k=words // 3))}"
            drawn = draw.choices(phrases, k=2 * OPTIONS)
            texts = [f"{first} {second}" for first, second in zip(drawn[::2], drawn[1::2], strict=True)]
            choices = list("ABCD") if letters else texts
            file.write(json.dumps({"question": question, "choices": choices, "gold": draw.randrange(OPTIONS)}) + "\n")
    task = folder / "scale.yaml"
    task.write_text(TASK.format(data=folder / "data.jsonl"))
    return task


def anonymous_mb() -> float:
    """Memory of this process that is no file's: pages of the data set belong to the system, which takes them back."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


def cpu_seconds() -> float:
    """What this process has used, its threads included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def child(wanted: argparse.Namespace) -> dict[str, Any]:
    """One run in this process."""
    requests, workers = wanted.requests[0], wanted.workers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = write_task(folder, requests // OPTIONS, wanted.words, letters=wanted.letters)
        from functools import partial

        from proctor.garbage import own_process
        from proctor.run.chunks import ChunkLimits
        from proctor.run.exam import load_exam
        from proctor.run.finish import complete_run
        from proctor.run.progress import Quiet
        from proctor.run.session import evaluate
        from proctor.settings.config import build_config

        own_process()  # as the command does
        stored = {"no_store": True} if wanted.no_store else {"store": str(folder / "store.sqlite")}
        given = {"model": "dummy", "tasks": [str(task)], **stored}
        config = build_config({**given, "output_path": str(folder / "out"), "log_samples": True})
        pool = ScriptedPool(workers)
        base, began = cpu_seconds(), time.perf_counter()
        room, exam = ChunkLimits(queries=wanted.chunk), load_exam(config, Quiet)
        loading = cpu_seconds() - base
        run = partial(evaluate, config, progress=Quiet, keep_records=False, opened=pool, bootstrap_iters=0)
        run = partial(run, room=room, exam=exam)

        def whole() -> None:
            complete_run(config, lambda samples: run(samples=samples), stream_samples=True)

        if wanted.profile:
            import cProfile

            cProfile.runctx("whole()", {"whole": whole}, {}, wanted.profile)
        else:
            whole()
        wall = time.perf_counter() - began
        cpu = cpu_seconds() - base - pool.workers.seconds
        return {
            "requests": requests,
            "documents": requests // OPTIONS,
            "cpu_s": round(cpu, 2),
            # Of it, importing, and reading the data by ``datasets``: once for a data set, and not for its next runs.
            "loading_s": round(loading, 2),
            "wall_s": round(wall, 2),
            "requests_per_cpu_s": round(requests / cpu),
            "documents_per_cpu_s": round(requests / OPTIONS / cpu),
            "requests_per_cpu_s_once_loaded": round(requests / (cpu - loading)),
            "queue_share": round(pool.planning / cpu, 3),
            # From the last response of a chunk to the first unit of the next one: so long workers have nothing to do.
            "waiting_s": round(pool.waiting, 2),
            "batches": pool.workers.batches,
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "own_mb": round(pool.workers.megabytes),
        }


def ray_cost(batches: int = 400) -> dict[str, float]:
    """CPU of this process for each batch of two real actors of Ray, waiting and unpacking included."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    from proctor.models.pool.ray_worker import FULL, Batch
    from proctor.types import Scores

    class Source:
        def give(self, count: int) -> Iterator[Batch]:
            pairs = [(place, Scores(((-1.5, False),) * OPTIONS, (3,) * OPTIONS)) for place in range(FULL)]
            for _ in range(count):
                yield Batch(pairs)

    ray.init(address="local", num_cpus=2, log_to_driver=False, include_dashboard=False)
    try:
        actors = [ray.remote(Source).remote() for _ in range(2)]
        for actor in actors:
            next(actor.give.options(num_returns="streaming").remote(1))
        calls = [actor.give.options(num_returns="streaming").remote(batches // 2) for actor in actors]
        began, count = time.process_time(), 0
        while calls:
            ready, _ = ray.wait(calls, num_returns=1, fetch_local=False)
            for call in ready:
                try:
                    count += len(ray.get(next(call)).pairs)
                except StopIteration:
                    calls.remove(call)
        cpu = time.process_time() - began
    finally:
        ray.shutdown()
    return {
        "ray_ms_per_batch": round(1000 * cpu / batches, 2),
        "ray_us_per_request": round(1e6 * cpu / count / OPTIONS, 2),
    }


def extrapolated(rows: Sequence[Mapping[str, Any]], requests: int) -> dict[str, Any]:
    """From the slopes between the last two sizes."""
    first, last = rows[-2:]
    more = last["requests"] - first["requests"]

    def at(key: str) -> float:
        return last[key] + (last[key] - first[key]) / more * (requests - last["requests"])

    return {"requests": requests, "extrapolated": True, "cpu_s": round(at("cpu_s")), "own_mb": round(at("own_mb"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, nargs="+", default=[100_000, 1_000_000], help="as lm-eval counts them")
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--words", type=int, default=60, help="of each question")
    parser.add_argument("--chunk", type=int, default=100_000, help="documents that are planned at a time")
    parser.add_argument("--letters", action="store_true", help="the options are A to D, and not texts of their own")
    parser.add_argument("--no_store", action="store_true", help="without a store, which has caches of its own")
    parser.add_argument("--ray", action="store_true", help="also what Ray takes for each batch")
    parser.add_argument("--profile", help="a file for cProfile; the first size alone")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.child or wanted.profile:
        print(json.dumps(child(wanted)))
        return
    rows: list[dict[str, Any]] = []
    for requests in wanted.requests:
        words = ["--requests", str(requests), "--workers", str(wanted.workers), "--words", str(wanted.words)]
        words += ["--chunk", str(wanted.chunk), *(["--letters"] * wanted.letters), *(["--no_store"] * wanted.no_store)]
        ended = subprocess.run(
            [sys.executable, __file__, "--child", *words], stdout=subprocess.PIPE, text=True, check=True
        )
        rows.append(json.loads(ended.stdout.splitlines()[-1]))
        print(json.dumps(rows[-1]), flush=True)
    if len(rows) > 1:
        print(json.dumps(extrapolated(rows, 100_000_000)))
    if wanted.ray:
        print(json.dumps(ray_cost()))


if __name__ == "__main__":
    main()
