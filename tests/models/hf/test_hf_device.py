"""Which device a model runs on, how much room there is, and what running out of it looks like."""

from __future__ import annotations

import os

import pytest
import torch

from proctor.errors import ModelError, UsageError
from proctor.models.hf import device as device_room
from proctor.models.hf.device import is_out_of_memory, make_budget, pick_device, set_threads


def test_one_request_too_large_for_memory_is_a_sentence():
    def never(_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    budget = device_room.Budget(tokens=1, heads=1)
    with pytest.raises(ModelError, match="single request of 7 tokens") as caught:
        list(device_room.run_batches(["x"], [7], [1], budget, never, []))
    assert "max_length" in str(caught.value.hint)


def test_another_error_is_not_taken_for_memory():
    def broken(_):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(device_room.run_batches(["x"], [7], [1], device_room.Budget(tokens=1, heads=1), broken, []))


def test_a_device_that_is_not_there_is_replaced_and_named(monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert pick_device("cuda:0") == torch.device("cpu")
    assert "The device 'cuda:0' is not available here; running on 'cpu'." in caplog.text
    caplog.clear()
    assert pick_device(None) == pick_device("cpu") == torch.device("cpu")
    assert not caplog.records


def test_a_device_that_is_there_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1") == torch.device("cuda:1")
    assert pick_device(None) == torch.device("cuda")


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cudda"])
def test_a_device_that_does_not_exist(device):
    with pytest.raises(UsageError, match="no device"):
        pick_device(device)


def test_threads():
    before = torch.get_num_threads()
    try:
        set_threads(2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
        os.environ.pop("RAYON_NUM_THREADS", None)
    set_threads(None)
    with pytest.raises(UsageError, match="threads"):
        set_threads(0)


def test_budgets_come_from_free_memory(monkeypatch):
    from proctor.models.base import BatchSize
    from proctor.models.hf import device

    monkeypatch.setattr(device, "free_bytes", lambda _: 10_000)
    budget = make_budget(BatchSize(4), torch.device("cpu"), bytes_per_token=10, bytes_per_head=100)
    assert (budget.tokens, budget.heads, budget.rows) == (300, 30, 4)
    monkeypatch.undo()
    assert device.free_bytes(torch.device("cpu")) > 0
    auto = make_budget(BatchSize(None, auto=True), torch.device("cpu"), bytes_per_token=1, bytes_per_head=1)
    assert auto.tokens == device.PROCESSOR.tokens


def test_what_running_out_of_memory_looks_like():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("other"))
    assert not is_out_of_memory(ValueError("out of memory"))
