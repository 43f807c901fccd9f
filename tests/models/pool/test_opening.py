"""Each rank opens the same model on a device of its own."""

from __future__ import annotations

import sys
import types

import pytest

from proctor.errors import UsageError
from proctor.models.pool import opening as module
from proctor.models.pool.launchers import Ranks
from proctor.models.pool.opening import open_on_rank, rank_device, visible_part


def place(local_rank, local_size=4, launcher="torchrun"):
    return Ranks(launcher, local_rank, local_size, local_rank, local_size, "127.0.0.1", 29500)


@pytest.mark.parametrize(
    ("wanted", "count", "ranks", "device"),
    [
        (None, 0, place(1), None),
        ("cuda", 0, place(1), "cuda"),
        (None, 4, place(3), "cuda:3"),
        ("cuda", 8, place(0), "cuda:0"),
        ("cpu", 8, place(3), "cpu"),
        ("cuda:0", 8, place(3), "cuda:3"),
        ("cuda:5", 8, place(0, 1), "cuda:5"),
        ("cuda:0", 1, place(1), "cuda:0"),
        ("cuda:0", 0, place(1), "cuda:0"),
        ("mps", 1, place(1), "mps"),
        (None, 1, place(3, launcher="srun"), "cuda:0"),
    ],
)
def test_a_rank_takes_the_gpu_of_its_number_where_there_are_gpus(wanted, count, ranks, device):
    assert rank_device(wanted, count, ranks) == device


def test_the_number_of_a_device_is_not_for_all_ranks_of_a_machine(caplog):
    assert [rank_device("cuda:0", 4, place(rank)) for rank in range(4)] == ["cuda:0", "cuda:1", "cuda:2", "cuda:3"]
    assert [record.getMessage() for record in caplog.records] == [
        "Each rank takes the GPU of its number, and not all of them cuda:0."
    ]


def test_more_processes_than_gpus_are_an_error():
    with pytest.raises(UsageError, match="torchrun started 4 processes on a machine with 1 GPU"):
        rank_device(None, 1, place(1))
    with pytest.raises(UsageError, match="a machine with 2 GPUs"):
        visible_part(None, 2, place(1))


@pytest.mark.parametrize(
    ("visible", "count", "ranks", "part"),
    [
        (None, 8, place(1), "2,3"),
        ("4,5,6,7", 4, place(3), "7"),
        ("GPU-a,GPU-b,GPU-c", 3, place(0, 1), None),
        (None, 0, place(1), None),
        (None, 9, place(3), "6,7"),
    ],
)
def test_a_model_that_is_spread_over_gpus_gets_its_part_of_the_machine(visible, count, ranks, part):
    assert visible_part(visible, count, ranks) == ({} if part is None else {"CUDA_VISIBLE_DEVICES": part})


def test_settings_reach_the_model(monkeypatch):
    calls, environment, joined = [], {}, []
    cuda = types.SimpleNamespace(device_count=lambda: 4)
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    monkeypatch.setattr(module, "open_model", lambda *words, **settings: calls.append((words, settings)))
    monkeypatch.setattr(module.os, "environ", environment)
    settings = {"name": "hf", "args": {"pretrained": "x"}, "batch_size": 2, "device": None}
    open_on_rank(settings, place(2), joined.append)
    open_on_rank({**settings, "args": {"device": "cpu"}}, place(2), joined.append)
    open_on_rank({**settings, "args": {"parallelize": True}}, place(2), joined.append)
    assert [(words[1], keywords["device"]) for words, keywords in calls] == [
        ({"pretrained": "x"}, "cuda:2"),
        ({"device": "cpu"}, "cpu"),
        ({"parallelize": True}, None),
    ]
    assert all(keywords["lazily"] and keywords["batch_size"] == 2 for _, keywords in calls)
    assert environment == {"CUDA_VISIBLE_DEVICES": "2"}
    assert not joined


@pytest.mark.parametrize(
    ("world", "args", "ranks", "count", "size", "given", "local"),
    [
        ("4", {"tp_plan": "auto"}, place(1), 0, 4, {"tp_plan": "auto"}, "1"),
        ("4", {"tp_plan": "auto", "tp_size": 2}, place(3), 4, 2, {"tp_plan": "auto", "tp_size": 2}, "3"),
        (None, {"tp_plan": "auto"}, place(3, launcher="srun"), 1, 4, {"tp_plan": "auto", "tp_size": 4}, "0"),
    ],
)
def test_a_rank_of_a_team_meets_it_and_says_where_it_is(monkeypatch, world, args, ranks, count, size, given, local):
    calls, joined = [], []
    environment = {} if world is None else {"WORLD_SIZE": world}
    monkeypatch.setitem(
        sys.modules, "torch", types.SimpleNamespace(cuda=types.SimpleNamespace(device_count=lambda: count))
    )
    monkeypatch.setattr(module, "open_model", lambda *words, **settings: calls.append(words[1]))
    monkeypatch.setattr(module.os, "environ", environment)
    open_on_rank({"name": "hf", "args": args, "device": None}, ranks, joined.append)
    assert (joined, calls, environment["LOCAL_RANK"]) == ([size], [given], local)
