"""Progress: when a line is due, and what it says."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from proctor.run.progress import Bar, Lines, Quiet, duration, open_progress, rate


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "proctor")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_quick_run_says_one_line(clock, lines):
    with Lines(50, "Answering", clock=clock) as progress:
        for _ in range(50):
            clock.now += 0.1
            progress.advance()
    assert lines() == ["Answering: 50 of 50, done after 5 s (10.0/s)"]


def test_a_line_for_every_tenth_but_not_hurried(clock, lines):
    with Lines(100, "Answering", clock=clock) as progress:
        for _ in range(100):
            clock.now += 2
            progress.advance()
    said = lines()
    assert said[0] == "Answering: 10 of 100 (10 %), 0.50/s, 3:00 left"
    assert len(said) == 10
    assert said[-1] == "Answering: 100 of 100, done after 3:20 (0.50/s)"


def test_a_slow_run_is_not_silent_for_long(clock, lines):
    with Lines(10_000, "Answering", clock=clock) as progress:
        for _ in range(130):
            clock.now += 1
            progress.advance()
    assert [line.split(" (")[0] for line in lines()[:-1]] == ["Answering: 60 of 10000", "Answering: 120 of 10000"]


def test_a_run_that_fails_says_how_far_it_got(clock, lines):
    with pytest.raises(ZeroDivisionError), Lines(10, "Answering", clock=clock) as progress:
        progress.advance(4)
        raise ZeroDivisionError
    assert lines() == ["Answering: 4 of 10, stopped after 0 s (-)"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (42.4, "42 s"), (59.6, "1:00"), (187, "3:07"), (7420, "2:03:40")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("done", "seconds", "text"), [(0, 1, "-"), (5, 0, "-"), (1, 8, "0.12/s"), (15, 10, "1.5/s"), (12345, 10, "1234/s")]
)
def test_rate(done, seconds, text):
    assert rate(done, seconds) == text


def test_which_one(monkeypatch):
    assert type(open_progress(5, "x")) is Lines
    assert type(open_progress(0, "x")) is Quiet
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert type(open_progress(5, "x")) is Bar


def test_the_bar_draws_on_stderr(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Bar(4, "Answering") as progress:
        progress.advance(3)
        progress.advance()
    assert "Answering" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()
