"""A cluster is left as a whole, whatever signals come, and the handlers of this process stay its own."""

from __future__ import annotations

import os
import signal
import threading
from types import SimpleNamespace

import pytest

from proctor.models.pool import cluster as module
from proctor.models.pool.cluster import leave
from proctor.models.pool.ray_signals import own_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_the_cluster_is_left(monkeypatch, number):
    steps = []

    def shutdown():
        os.kill(os.getpid(), number)
        steps.append("left")

    def stop(number, frame):
        steps.append(number)

    monkeypatch.setattr(module, "_joined", module._Membership(1))
    before = signal.signal(number, stop)
    try:
        leave(SimpleNamespace(shutdown=shutdown))
        assert steps == ["left", number]
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)


def test_a_cluster_is_left_from_any_thread(monkeypatch):
    left = []
    monkeypatch.setattr(module, "_joined", module._Membership(1))
    thread = threading.Thread(target=leave, args=[SimpleNamespace(shutdown=lambda: left.append(True))])
    thread.start()
    thread.join()
    assert left == [True]


def test_handlers_that_others_set_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with own_signals():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGTERM) is before
