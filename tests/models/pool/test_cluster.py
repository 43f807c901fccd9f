"""How many workers a cluster has room for, and what is said where it has none."""

from __future__ import annotations

import logging
import os
import socket
import sys

import pytest

from proctor.errors import ModelError, UsageError
from proctor.models.pool import cluster as module
from proctor.models.pool.arguments import PoolArguments
from proctor.models.pool.cluster import WorkerNeeds, cluster_address, connect, room, worker_needs

GPU_NODE = {"CPU": 32.0, "GPU": 8.0}
CPU_NODE = {"CPU": 8.0}


def needs(nodes, *, devices=1, local=False, **given) -> WorkerNeeds:
    return worker_needs(PoolArguments(**given), nodes, devices=devices, local=local)


def test_without_numbers_a_worker_for_each_gpu():
    assert needs([GPU_NODE, GPU_NODE]) == WorkerNeeds(16, 1.0, 1.0, grows=True)
    assert needs([GPU_NODE, GPU_NODE], devices=4) == WorkerNeeds(4, 4.0, 1.0, grows=True)


def test_without_gpus_a_worker_for_each_machine_with_all_of_its_cpus():
    assert needs([CPU_NODE, CPU_NODE]) == WorkerNeeds(2, 0.0, 8.0, grows=True)
    assert needs([CPU_NODE], workers=4) == WorkerNeeds(4, 0.0, 2.0)
    assert needs([CPU_NODE], workers=3, cpus=0.5) == WorkerNeeds(3, 0.0, 0.5)


def test_a_gpu_is_shared_by_parts_and_never_over_machines():
    assert room([{"GPU": 1.0, "CPU": 4.0}], 0.5, 1.0) == 2
    assert room([{"GPU": 3.0, "CPU": 4.0}] * 2, 2.0, 1.0) == 2
    assert room([CPU_NODE], 1.0, 1.0) == 0


def test_a_machine_that_cannot_grow_has_no_room():
    with pytest.raises(UsageError) as caught:
        needs([{"CPU": 2.0, "GPU": 1.0}], workers=2, local=True)
    assert "has 1 GPU and 2 CPUs: there is no room for 2 workers with 1 GPU and 1 CPU each" in str(caught.value)
    with pytest.raises(UsageError) as caught:
        needs([CPU_NODE], gpus=1.0, local=True)
    assert "0 GPUs" in str(caught.value)


def test_a_cluster_may_grow_so_the_rest_is_waited_for(caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        assert needs([GPU_NODE], workers=64).workers == 64
    assert "room for 8 of 64 workers" in caplog.text


def test_no_cluster_at_the_address_is_a_sentence_at_once():
    pytest.importorskip("ray", reason="needs Ray: pip install '.[ray]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelError) as caught:
        connect(PoolArguments(address=f"127.0.0.1:{port}"))
    assert f"no Ray cluster at 127.0.0.1:{port}" in str(caught.value)
    assert "ray start --head" in str(caught.value)


def test_a_working_dir_that_is_none_is_a_sentence(tmp_path):
    pytest.importorskip("ray", reason="needs Ray: pip install '.[ray]'")
    with pytest.raises(UsageError, match="is no folder"):
        connect(PoolArguments(working_dir=str(tmp_path / "none")))


class StubRay:
    """Ray that takes too long to start, some times."""

    def __init__(self, *errors):
        self.errors, self.starts = list(errors), 0

    def is_initialized(self):
        return False

    def init(self, *, address, **keywords):
        self.starts += 1
        self.joined = address
        if self.errors:
            raise self.errors.pop(0)

    def shutdown(self):
        """Nothing to end."""


@pytest.fixture
def stub(monkeypatch):
    def use(*errors):
        ray = StubRay(*errors)
        monkeypatch.setattr(module, "need", lambda *words, **more: ray)
        return ray

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    yield use
    module._joined.pools = 0


SLOW = Exception("The current node timed out during startup. This could happen because ...")


def test_ray_that_takes_longer_than_it_gives_itself_is_started_again(stub, caplog):
    ray = stub(SLOW, SLOW)
    assert connect(PoolArguments(address="local")) is ray
    assert ray.starts == 3
    assert caplog.text.count("it is tried again") == 2


@pytest.mark.parametrize(
    ("given", "named", "joined", "words"),
    [
        (None, None, "local", "Starting Ray on this machine, for this run alone"),
        ("local", "head:1", "local", "Starting Ray on this machine"),
        (None, "head:1", "head:1", "Joining the Ray cluster at head:1, which RAY_ADDRESS names"),
        ("auto", "head:1", "head:1", "which RAY_ADDRESS names"),
        ("auto", None, "auto", "Joining the Ray cluster at here:3, which was started on this machine"),
        ("other:2", "head:1", "other:2", "Joining the Ray cluster at other:2 ..."),
    ],
)
def test_no_cluster_is_joined_that_nobody_named(given, named, joined, words, stub, monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(module, "_try_port", lambda address: None)
    note(tmp_path, monkeypatch, "here:3")
    if named is not None:
        monkeypatch.setenv("RAY_ADDRESS", named)
    ray = stub()
    with caplog.at_level(logging.INFO, "proctor"):
        connect(PoolArguments(address=given))
    assert ray.joined == joined
    assert words in caplog.text


def note(folder, monkeypatch, address):
    """As ``ray start`` does."""
    (folder / "ray").mkdir()
    (folder / "ray" / "ray_current_cluster").write_text(f"{address}\n")
    monkeypatch.setenv("RAY_TMPDIR", str(folder))


def test_a_cluster_of_this_machine_that_has_ended_is_a_sentence_at_once(stub, monkeypatch, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    note(tmp_path, monkeypatch, address)
    ray = stub()
    with pytest.raises(ModelError, match=f"no Ray cluster at {address}"):
        connect(PoolArguments(address="auto"))
    assert ray.starts == 0


def test_where_no_cluster_was_started_ray_looks_for_one(stub, monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    ray = stub()
    connect(PoolArguments(address="auto"))
    assert ray.joined == "auto"


def test_an_address_of_the_environment_for_programs_outside_is_a_sentence():
    with pytest.raises(UsageError, match="cannot run outside the cluster, as http://head:8265"):
        cluster_address(None, {"RAY_ADDRESS": "http://head:8265"})


@pytest.mark.parametrize("address", [None, "local"])
def test_ray_that_does_not_start_is_a_sentence_and_no_cluster_of_that_name(stub, address):
    ray = stub(*[SLOW] * 3)
    with pytest.raises(ModelError, match="Ray does not start here: The current node timed out"):
        connect(PoolArguments(address=address))
    assert ray.starts == 3
    ray = stub(OSError("no disk"))
    with pytest.raises(ModelError, match="Ray does not start here: no disk"):
        connect(PoolArguments(address=address))
    assert ray.starts == 1


@pytest.fixture
def refusing(monkeypatch, tmp_path):
    """A cluster that listens, and what it says to who comes without a token; a token of this machine."""
    (tmp_path / "token").touch()
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    # Set first, so that it is put back to what it was.
    monkeypatch.setenv("RAY_AUTH_MODE", "")
    monkeypatch.delenv("RAY_AUTH_MODE")

    def say(text):
        monkeypatch.setattr(module, "_ASK", f"import sys; sys.exit({text!r})")

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield say, f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(("said", "mode"), [("RPC error: InvalidAuthToken: ...", "token"), ("", None)])
def test_a_token_is_sent_to_a_cluster_that_wants_one(said, mode, stub, refusing):
    say, address = refusing
    say(said)
    stub()
    connect(PoolArguments(address=address))
    assert os.environ.get("RAY_AUTH_MODE") == mode


def test_no_token_is_sent_where_it_was_said_otherwise_or_there_is_none(stub, refusing, monkeypatch, tmp_path):
    say, address = refusing
    say("InvalidAuthToken")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    stub()
    connect(PoolArguments(address=address))
    assert os.environ["RAY_AUTH_MODE"] == "disabled"
    monkeypatch.delenv("RAY_AUTH_MODE")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    (tmp_path / "token").unlink()
    connect(PoolArguments(address=address))
    assert "RAY_AUTH_MODE" not in os.environ


def test_a_cluster_that_lets_nobody_in_is_a_sentence(stub, refusing):
    say, address = refusing
    say("")
    stub(ConnectionError("Failed to connect"))
    with pytest.raises(ModelError, match="Failed to connect") as caught:
        connect(PoolArguments(address=address))
    assert "~/.ray/auth_token, all of them need it" in caught.value.hint
