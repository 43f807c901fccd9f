"""Real Ray, several nodes on this machine: what is lost is computed again, and every number is that of one process.

``CLUSTER_ROUNDS`` says how often workers are killed and nodes removed, at other moments each time (`make cluster`).
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.errors import ModelError, UsageError
from proctor.models import MODELS, open_model
from proctor.models.dummy import DummyModel
from proctor.models.protocols import IdentifiedModel, LoadableModel, OriginModel, ResumableModel
from proctor.types import Generate, Loglikelihood, Text

pytest.importorskip("ray", reason="needs Ray: pip install '.[ray]'")

pytestmark = [
    pytest.mark.slow,
    # Ray leaves files and sockets of its own open, which the collector of garbage finds in whatever test is running.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROUNDS = int(os.environ.get("CLUSTER_ROUNDS", "1"))
long = pytest.mark.skipif("CLUSTER_ROUNDS" not in os.environ, reason="takes minutes: `make cluster` runs it")
DEMO = Path(__file__).resolve().parents[3] / "src" / "proctor" / "benchmarks" / "demo" / "model"


class Slow(DummyModel):
    """Responds with the prompt and the process, which it writes down when it opens; ``deadly`` prompts end it."""

    name = "slow"

    def __init__(self, folder: Path, pause: float) -> None:
        self.pause = pause
        (folder / str(os.getpid())).touch()

    def respond(self, requests):
        for number, request in enumerate(requests):
            if request.prompt == "deadly":
                os.kill(os.getpid(), signal.SIGKILL)
            if request.prompt == "wrong":
                raise ModelError("This machine is broken.")
            time.sleep(self.pause)
            yield number, Text(f"{request.prompt} by {os.getpid()}")

    def report(self):
        return {"truncated": {"generate": 1}, "batch_sizes": [], "scoring": {}}


def open_slow(args, **_):
    if args.get("never"):
        os.kill(os.getpid(), signal.SIGKILL)
    return Slow(Path(args["folder"]), float(args.get("pause", 0.02)))


def add_node(cluster, **more):
    """A node; Ray gives one 30 s to start, on however busy a machine, and raises Exception."""
    for left in (2, 1, 0):
        try:
            return cluster.add_node(**more)
        except Exception as error:
            if not left or "timed out" not in str(error):
                raise
    return None


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    """A head without room for workers, and two nodes with two CPUs each."""
    import ray
    from ray.cluster_utils import Cluster

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        add_node(cluster, num_cpus=2)
        add_node(cluster, num_cpus=2)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.fixture
def open_pool(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(MODELS, "_rows", {**MODELS._rows, "slow": open_slow})
    pools = []

    def open_it(kind="slow", **args):
        (tmp_path / "pids").mkdir(exist_ok=True)
        own = {"folder": str(tmp_path / "pids")} if kind == "slow" else {}
        pool = {"pool": "ray", "ray_address": cluster.address, "cpus_per_worker": 1}
        pools.append(open_model(kind, {**own, **pool, **args}, device="cpu", lazily=True))
        return pools[-1]

    yield open_it
    for pool in pools:
        pool.close()


def prompts(count):
    return [Generate(f"prompt {place}", {}) for place in range(count)]


def texts(pairs):
    """By place, the text without the process that wrote it."""
    return {place: response.text.rpartition(" by ")[0] for place, response in pairs}


def writers(pairs):
    return {response.text.rpartition(" by ")[2] for _, response in pairs}


def pids(folder: Path) -> list[int]:
    return [int(file.name) for file in (folder / "pids").iterdir() if int(file.name) != os.getpid()]


def test_a_pool_is_a_model_and_closes(open_pool):
    pool = open_pool(num_workers=2, pause=0)
    assert isinstance(pool, LoadableModel)
    assert isinstance(pool, IdentifiedModel)
    assert isinstance(pool, ResumableModel)
    assert not isinstance(pool, OriginModel)
    assert pool.identity is None
    assert pool.name == "slow"
    requests = prompts(100)
    pairs = list(pool.respond(requests))
    assert texts(pairs) == {place: f"prompt {place}" for place in range(100)}
    assert len(pairs) == 100
    assert sorted(place for place, _ in pool.resume(requests, [3, 50])) == [3, 50]
    assert pool.report()["pool"]["workers"] == 2
    assert pool.report()["truncated"]["generate"] >= 1
    assert list(pool.respond([])) == []
    pool.close()
    with pytest.raises(ModelError, match="closed"):
        list(pool.respond(requests))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_workers_that_are_killed_lose_nothing(open_pool, tmp_path, seed):
    chance = random.Random(seed)
    pool = open_pool(num_workers=3)
    pool.load()
    done = threading.Event()
    killed: list[int] = []
    pairs: list[tuple[int, object]] = []

    def kill() -> None:
        while len(killed) < 3 and not done.wait(chance.uniform(0.2, 1.5)):
            if len(pairs) < 40 * len(killed):
                # Three deaths in a row without a response in between are taken for the requests' own doing.
                continue
            with suppress(ProcessLookupError, IndexError):
                pid = chance.choice([pid for pid in pids(tmp_path) if pid not in killed])
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for pair in pool.respond(prompts(400)):
            pairs.append(pair)
    finally:
        done.set()
        killer.join()
    assert texts(pairs) == {place: f"prompt {place}" for place in range(400)}
    assert len(pairs) == 400
    assert killed
    assert pool.report()["pool"]["lost"] <= len(killed)


@long
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_node_that_is_removed_and_one_that_joins_late(open_pool, cluster, seed):
    chance = random.Random(seed)
    more = add_node(cluster, num_cpus=1, resources={"late": 1})
    pool = open_pool(num_workers=6)
    started = pool.respond(prompts(600))
    pairs = [next(started)]
    for pair in started:
        pairs.append(pair)
        if more is not None and len(pairs) > chance.randint(20, 200):
            cluster.remove_node(more, allow_graceful=False)
            more = None
        if len(pairs) == 300:
            # The sixth worker had no room so far.
            late = add_node(cluster, num_cpus=2)
    cluster.remove_node(late)
    assert texts(pairs) == {place: f"prompt {place}" for place in range(600)}
    assert len(pairs) == 600


def test_a_request_that_ends_every_worker_is_named_at_the_end(open_pool):
    from proctor.errors import RequestError

    requests = [*prompts(20), Generate("deadly", {}), *prompts(20)]
    pool = open_pool(num_workers=2, pause=0)
    pairs = []
    with pytest.raises(RequestError, match="3 workers in a row") as caught:
        for pair in pool.respond(requests):
            pairs.append(pair)
    members = {place for place, _ in pairs}
    assert 20 not in members
    assert caught.value.request not in members
    assert len(members) >= 36


def test_an_error_of_every_machine_ends_the_run(open_pool):
    pool = open_pool(num_workers=2, pause=0)
    with pytest.raises(ModelError, match="This machine is broken"):
        list(pool.respond([Generate("wrong", {}), *[Generate("wrong", {"n": n}) for n in range(5)]]))


def test_workers_with_another_model_or_none_are_sentences(open_pool, tmp_path):
    with pytest.raises(UsageError, match="its own devices"):
        open_model("slow", {"folder": str(tmp_path), "pool": "ray"}, device="cuda:1")
    with pytest.raises(UsageError, match="starts Ray itself"):
        open_model("slow", {"folder": ".", "pool": "ray", "distributed_executor_backend": "ray"})
    pool = open_pool(num_workers=1, gpus_per_worker=1, worker_wait=2)
    with pytest.raises(ModelError, match="No worker has started"):
        list(pool.respond(prompts(1)))


def test_a_model_that_ends_every_worker_while_it_is_read_ends_the_run(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(MODELS, "_rows", {**MODELS._rows, "slow": open_slow})
    given = {"folder": str(tmp_path), "pool": "ray", "ray_address": cluster.address, "num_workers": 2}
    pool = open_model("slow", {**given, "cpus_per_worker": 1}, device="cpu", lazily=True)
    pool._opening = replace(pool._opening, args={**pool._opening.args, "never": True})
    try:
        with pytest.raises(ModelError, match="3 workers in a row ended while they read the model"):
            list(pool.respond(prompts(3)))
    finally:
        pool.close()


def scored(count):
    stem = "The Lantern Isles are seven. The keeper of the third island is called Oren. "
    return [
        Loglikelihood(
            f"{stem * (1 + place % 3)}Question {place}: who keeps it?\nAnswer:", (" Oren", " Mara", " nobody")
        )
        for place in range(count)
    ]


def test_numbers_are_those_of_one_process(open_pool):
    requests = scored(60)
    exact = {"pretrained": str(DEMO), "dtype": "float32", "batch_invariant": True}
    usual = {"pretrained": str(DEMO), "dtype": "float32"}
    one = {name: dict(open_model("hf", args, device="cpu").respond(requests)) for name, args in
           (("exact", exact), ("usual", usual))}  # fmt: skip
    pool = open_pool("hf", num_workers=2, **exact)
    alone = open_model("hf", exact, device="cpu", lazily=True)
    assert pool.identity == alone.identity
    assert dict(pool.respond(requests)) == one["exact"]
    assert pool.info == {**alone.info}
    usual_pool = open_pool("hf", num_workers=2, **usual)
    for place, response in usual_pool.respond(requests):
        for (found, greedy), (wanted, is_greedy) in zip(response.values, one["usual"][place].values, strict=True):
            assert greedy == is_greedy
            assert found == pytest.approx(wanted, rel=1e-5)


@long
def test_a_driver_that_is_killed_takes_its_workers_along_and_goes_on(cluster, tmp_path):
    import ray

    store, log = tmp_path / "store.sqlite", tmp_path / "log"
    command = [sys.executable, "-m", "proctor", "run", "--model", "hf", "--tasks", "demo_text", "--device", "cpu"]
    command += ["--ray", cluster.address, "--store", str(store), "--batch_size", "1", "--model_args"]
    command += [f"pretrained={DEMO},dtype=float32,num_workers=2,cpus_per_worker=1,scoring=plain"]
    ray.init(cluster.address, log_to_driver=False, ignore_reinit_error=True)
    try:
        with log.open("w") as errors:
            driver = subprocess.Popen(command, stderr=errors, stdout=errors)
            _wait(lambda: driver.poll() is not None or _stored(store) > 20)
            driver.kill()
            driver.wait()
        before = _stored(store)
        assert before > 20, log.read_text()
        _wait(lambda: ray.available_resources().get("CPU", 0) >= 4)
    finally:
        ray.shutdown()
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr
    cached = re.search(r"The responses to ([\d,]+) of ([\d,]+) requests are cached", ended.stderr)
    assert cached, ended.stderr
    assert 0 < int(cached[1].replace(",", "")) < int(cached[2].replace(",", ""))


def _wait(condition) -> None:
    end = time.monotonic() + 180
    while not condition():
        if time.monotonic() > end:
            pytest.fail("This never happens.")
        time.sleep(0.1)


def _stored(path: Path) -> int:
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute("select count(*) from responses").fetchone()[0]
    return 0
