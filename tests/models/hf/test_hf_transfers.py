"""Numbers go to a device and come back without a wait in between, and are the same numbers."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from proctor.models.hf import transfers
from proctor.models.hf.transfers import Transfer, results_behind, send, send_ids

CPU, CUDA = torch.device("cpu"), torch.device("cuda:0")
HF = Path(transfers.__file__).parent


class QueuedBlock:
    """A tensor of a device with a queue, as far as transfers touch one; ``calls`` notes what was done."""

    def __init__(self, values, calls, device=CUDA):
        self.values, self.calls, self.device = values, calls, device
        self.shape, self.dtype = values.shape, values.dtype

    def pin_memory(self):
        self.calls.append("pin")
        return self

    def to(self, device, *, non_blocking=False):
        self.calls.append(("to", str(device), non_blocking))
        return self.values


def test_ids_arrive_as_they_are():
    assert send_ids([[3, 1], [2, 5]], CPU).tolist() == [[3, 1], [2, 5]]
    assert send_ids([], CPU).dtype == torch.long
    block = torch.arange(3)
    assert send(block, CPU) is block


def test_what_goes_to_a_queue_is_pinned_and_not_waited_for():
    calls = []
    send(QueuedBlock(torch.arange(3), calls, CPU), CUDA)
    assert calls == ["pin", ("to", "cuda:0", True)]


def test_results_of_a_queue_are_copied_at_once_and_waited_for_once(monkeypatch):
    calls, empty = [], torch.empty

    class Room:
        def __init__(self, shape, dtype, pin_memory):
            assert pin_memory
            self.room = empty(shape, dtype=dtype)

        def copy_(self, block, *, non_blocking):
            calls.append(("copy", non_blocking))
            return self.room.copy_(block.values)

    event = SimpleNamespace(synchronize=lambda: calls.append("wait"))
    stream = SimpleNamespace(record_event=lambda: calls.append("record") or event)
    monkeypatch.setattr(transfers.torch, "empty", lambda shape, dtype, pin_memory: Room(shape, dtype, pin_memory))
    monkeypatch.setattr(transfers.torch.cuda, "current_stream", lambda device: stream)
    transfer = Transfer(QueuedBlock(torch.tensor([1.5, 2.5]), calls), QueuedBlock(torch.tensor([7]), calls))
    assert calls == [("copy", True), ("copy", True), "record"]
    values, tokens = transfer.wait()
    assert (values.tolist(), tokens.tolist()) == ([1.5, 2.5], [7])
    assert calls[3:] == ["wait"]


def test_results_of_this_machine_are_there():
    assert [block.tolist() for block in Transfer(torch.tensor([1.0]), torch.tensor([2])).wait()] == [[1.0], [2]]


def test_results_are_read_late_only_where_a_device_has_a_queue():
    assert [results_behind(torch.device(kind)) for kind in ("cpu", "cuda", "mps")] == [0, 1, 0]


def test_devices_are_named_in_their_own_rooms_only():
    """``identity`` names settings of torch, which are facts of a run and not a choice of what to do."""
    named = re.compile(r"\bcuda\b|\.type (==|!=|in|not)|empty_cache|pin_memory|non_blocking")
    found = {file.name for file in HF.rglob("*.py") if named.search(file.read_text(encoding="utf-8"))}
    assert found == {"device.py", "transfers.py", "identity.py"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_nothing_waits_on_a_real_device():
    block = torch.randn(64, 64)
    torch.cuda.set_sync_debug_mode("error")
    try:
        there = send(block, CUDA)
        back = Transfer(there @ there)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.allclose(back.wait()[0], block @ block, atol=1e-2)
