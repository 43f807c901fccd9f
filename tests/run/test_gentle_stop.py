"""The first signal waits for what is in flight, the second does not."""

from __future__ import annotations

import os
import signal

import pytest

from proctor.run.gentle_stop import gentle_stop


class Stoppable:
    def __init__(self):
        self.stops = 0

    def stop(self):
        self.stops += 1


@pytest.fixture(autouse=True)
def _handlers():
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_signal_is_raised_when_the_work_is_done():
    model, done = Stoppable(), []
    with pytest.raises(KeyboardInterrupt), gentle_stop(model):
        os.kill(os.getpid(), signal.SIGINT)
        done.append(model.stops)
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_signal_is_raised_at_once():
    model, done = Stoppable(), []
    with pytest.raises(KeyboardInterrupt), gentle_stop(model):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        done.append("not reached")
    assert done == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_a_signal_nothing_happens():
    model = Stoppable()
    with gentle_stop(model):
        pass
    assert model.stops == 0


def test_an_error_of_the_work_is_raised_and_not_the_stop():
    model = Stoppable()
    with pytest.raises(ValueError, match="broken"), gentle_stop(model):
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("broken")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_model_that_cannot_be_told_is_stopped_as_ever():
    with pytest.raises(KeyboardInterrupt), gentle_stop(object()):
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the signal was not raised")
