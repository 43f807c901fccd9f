"""Calls with a time limit: what they return and raise, and what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from proctor.errors import UsageError
from proctor.reporters import time_limit
from proctor.reporters.time_limit import SECONDS, VARIABLE, LimitedThread, TimeLimitError, is_left_behind, step_seconds


@pytest.fixture
def thread(monkeypatch):
    monkeypatch.setattr(time_limit, "_left", threading.Event())
    thread = LimitedThread()
    yield thread
    thread.close()


def test_calls_return_raise_and_share_one_thread(thread):
    assert thread.call(30, divmod, 7, 2) == (3, 1)
    assert thread.call(None, threading.get_ident) == thread.call(30, threading.get_ident) != threading.get_ident()
    for error in (TimeoutError("own"), KeyboardInterrupt(), SystemExit(3)):

        def fail(error=error):
            raise error

        with pytest.raises(type(error)) as caught:
            thread.call(30, fail)
        assert caught.value is error
    assert not is_left_behind()


def test_a_call_that_takes_longer_is_left_and_no_further_one_is_made(thread, monkeypatch):
    end, out = threading.Event(), sys.stdout

    def hang():
        monkeypatch.setattr(sys, "stdout", None)
        end.wait(60)

    with pytest.raises(TimeLimitError, match="longer than 0 seconds"):
        thread.call(0.05, hang)
    assert sys.stdout is out
    assert is_left_behind()
    made = []
    with pytest.raises(TimeLimitError):
        thread.call(30, made.append, 1)
    end.set()
    assert made == []


def test_the_limit_grows_with_what_is_sent_and_can_be_set(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert step_seconds(0) == SECONDS
    assert step_seconds(10_000_000) == SECONDS + 100
    monkeypatch.setenv(VARIABLE, "7.5")
    assert step_seconds(10_000_000) == 7.5
    for wrong in ("soon", "-1", "0", "nan", "inf"):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(UsageError, match=f"{VARIABLE} is '{wrong}'"):
            step_seconds(0)


def test_a_process_ends_though_a_package_waits_at_its_end():
    code = """
import atexit, sys, threading
from proctor.cli import main
from proctor.reporters.time_limit import LimitedThread, TimeLimitError
never = threading.Event()
atexit.register(never.wait)
threading.Thread(target=never.wait).start()
def dispatch(arguments):
    try:
        LimitedThread().call(0.05, never.wait)
    except TimeLimitError:
        print("went on")
    return 7
main._dispatch = dispatch
sys.exit(main.main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, env=os.environ)
    assert (done.returncode, done.stdout) == (7, "went on\n"), done.stderr
