"""A rank other than 0: it does what rank 0 wants, and ends with it."""

from __future__ import annotations

import threading

import pytest
from rank_pipes import LEAVE, LengthModel, expected, pipes, requests

from proctor.models.pool import worker as module
from proctor.models.pool.channel import Channel
from proctor.models.pool.frames import (
    CloseFrame,
    DoneFrame,
    EndFrame,
    ErrorFrame,
    LoadFrame,
    OpenFrame,
    ResponsesFrame,
    StopFrame,
    WorkFrame,
)
from proctor.models.pool.worker import serve


class _Rank0:
    """What rank 0 got."""

    def __init__(self, pipe):
        self.frames, self.lost = [], []
        self.arrived = threading.Semaphore(0)
        self.channel = Channel(pipe, self._take, self.lost.append)

    def _take(self, frame):
        self.frames.append(frame)
        self.arrived.release()

    def wait(self, kind):
        while not any(isinstance(frame, kind) for frame in self.frames):
            assert self.arrived.acquire(timeout=10)
        return next(frame for frame in self.frames if isinstance(frame, kind))


@pytest.fixture
def rank_0():
    """Both ends of the pipe, and rank 0 at its own."""
    ours, theirs = pipes()
    rank_0 = _Rank0(ours)
    rank_0.pipe, rank_0.theirs = ours, theirs
    return rank_0


def start(rank_0, open_settings):
    codes = []
    # A real process leaves where it cannot go on; a thread is left behind.
    thread = threading.Thread(daemon=True, target=lambda: codes.append(serve(1, rank_0.theirs, open_settings)))
    thread.start()
    return thread, codes


@pytest.mark.parametrize("failed", [False, True])
def test_it_opens_loads_responds_reports_closes_and_ends(rank_0, failed):
    model, sent = LengthModel(1), tuple(requests(3))
    thread, codes = start(rank_0, lambda settings: model)
    for frame in (OpenFrame({"name": "hf"}), LoadFrame(), WorkFrame(5, sent, (0, 2), 1)):
        rank_0.channel.send(frame)
    assert rank_0.wait(DoneFrame) == DoneFrame(5, model.report())
    pairs = [pair for frame in rank_0.frames if isinstance(frame, ResponsesFrame) for pair in frame.pairs]
    assert dict(pairs) == {place: expected(sent)[place] for place in (0, 2)}
    rank_0.channel.send(CloseFrame())
    rank_0.channel.send(EndFrame(failed))
    assert rank_0.channel.finish()
    thread.join(10)
    assert (codes, model.loads, model.closed) == ([int(failed)], 1, 1)
    assert not rank_0.lost


def test_work_before_a_model_and_a_model_that_cannot_be_opened_are_errors_of_rank_0(rank_0):
    def fail(settings):
        raise OSError("no such folder")

    thread, _ = start(rank_0, fail)
    rank_0.channel.send(WorkFrame(1, tuple(requests(1)), (0,), 1))
    assert rank_0.wait(ErrorFrame).message == "Work came before a model."
    rank_0.frames.clear()
    rank_0.channel.send(OpenFrame({}))
    assert rank_0.wait(ErrorFrame).message == "The model failed: OSError: no such folder"
    rank_0.channel.send(EndFrame(True))
    rank_0.channel.finish()
    thread.join(10)


def test_the_end_of_the_run_ends_what_is_computed(rank_0, monkeypatch):
    left, waits = [], threading.Event()
    monkeypatch.setattr(module, "_leave_now", lambda code: (left.append(code), waits.set()))
    begun = threading.Event()

    def before(number):
        begun.set()
        waits.wait(10)

    thread, _ = start(rank_0, lambda settings: LengthModel(1, before=before))
    rank_0.channel.send(OpenFrame({}))
    rank_0.channel.send(WorkFrame(1, tuple(requests(1)), (0,), 1))
    assert begun.wait(10)
    rank_0.channel.send(EndFrame(False))
    assert rank_0.channel.finish()
    thread.join(10)
    assert left == [0]


def test_a_signal_is_reported_to_rank_0_before_this_rank_ends(rank_0):
    raised = []

    def stop(settings):
        raise KeyboardInterrupt

    def run():
        try:
            serve(1, rank_0.theirs, stop)
        except KeyboardInterrupt:
            raised.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    rank_0.channel.send(OpenFrame({}))
    rank_0.wait(StopFrame)
    rank_0.channel.send(EndFrame(True))
    rank_0.channel.finish()
    thread.join(10)
    assert raised == [True]


def test_a_rank_whose_rank_0_is_gone_ends_with_a_sentence(rank_0, monkeypatch, caplog):
    left = threading.Event()
    codes = []
    monkeypatch.setattr(module, "_leave_now", lambda code: (codes.append(code), left.set()))
    start(rank_0, lambda settings: LengthModel(1))
    rank_0.theirs.cut()
    assert left.wait(10)
    assert codes == [1]
    assert "Rank 0 has ended: its connection is closed." in caplog.text


def test_leaving_ends_the_process_from_a_thread(monkeypatch):
    codes = []
    monkeypatch.setattr(module.os, "_exit", codes.append)
    LEAVE(3)
    assert codes == [3]
