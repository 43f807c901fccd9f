"""Processes that hold one model together plan by the least memory of all, and none of them halves a batch alone."""

from __future__ import annotations

import pytest
import torch
from torch import distributed

from proctor.errors import ModelError
from proctor.models.base import BatchSize
from proctor.models.hf import device as device_module
from proctor.models.hf import team as module
from proctor.models.hf.device import is_out_of_memory, make_budget

CPU = torch.device("cpu")
FULL = torch.OutOfMemoryError("out of memory")


@pytest.fixture
def two(monkeypatch):
    """The other of two processes has room for 100 bytes."""

    def all_reduce(shared, op):
        assert op is distributed.ReduceOp.MIN
        shared[0] = min(int(shared), 100)

    monkeypatch.setattr(distributed, "all_reduce", all_reduce)
    monkeypatch.setattr(module._team, "size", 2)


def test_a_whole_model_is_planned_by_its_own_memory(monkeypatch):
    monkeypatch.setattr(device_module, "free_bytes", lambda device: 1000)
    assert make_budget(BatchSize(None), CPU, bytes_per_token=1, bytes_per_head=1).tokens == 300
    assert is_out_of_memory(FULL)


def test_parts_of_a_model_are_planned_by_the_least_memory(two, monkeypatch):
    monkeypatch.setattr(device_module, "free_bytes", lambda device: 1000)
    assert make_budget(BatchSize(None), CPU, bytes_per_token=1, bytes_per_head=1).tokens == 30
    monkeypatch.setattr(device_module, "free_bytes", lambda device: 50)
    assert make_budget(BatchSize(None), CPU, bytes_per_token=1, bytes_per_head=1).tokens == 15


def test_a_part_that_runs_out_of_memory_ends_the_run(two):
    with pytest.raises(ModelError, match="one of 2 processes that hold the model together") as caught:
        is_out_of_memory(FULL)
    assert caught.value.__cause__ is FULL
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_a_model_that_was_not_spread_is_whole_also_where_processes_have_met(monkeypatch):
    monkeypatch.setattr(module._team, "size", 1)
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 4)
    module.note_team(spread=True)
    assert module._team.size == 4
    module.note_team(spread=False)
    assert module._team.size == 1
