"""Progress: when a line is due, and what it says."""

from __future__ import annotations

import io
import itertools
import logging
import re
import sys
import threading
import time

import pytest

from proctor.cli.logs import set_up_logging
from proctor.run import progress
from proctor.run.progress import TIME, Bar, Lines, Quiet, duration, line_times, open_progress, rate, state_of


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
    with Lines(50, "Answering", "requests", clock=clock) as progress:
        for _ in range(50):
            clock.now += 0.1
            progress.advance()
    assert lines() == ["Answering: 50 of 50 requests, done after 5 s (10.0/s)"]


def test_a_line_for_every_tenth_but_not_hurried(clock, lines):
    with Lines(100, "Answering", "requests", clock=clock) as progress:
        for _ in range(100):
            clock.now += 2
            progress.advance()
    said = lines()
    assert said[0] == "Answering: 10 of 100 requests (10 %), 0.50/s, 3:00 left"
    assert len(said) == 10
    assert said[-1] == "Answering: 100 of 100 requests, done after 3:20 (0.50/s)"


def test_a_slow_run_is_not_silent_for_long(clock, lines):
    with Lines(10_000, "Answering", "requests", clock=clock) as progress:
        for _ in range(130):
            clock.now += 1
            progress.advance()
    assert [line.split(" (")[0] for line in lines()[:-1]] == [
        "Answering: 60 of 10,000 requests",
        "Answering: 120 of 10,000 requests",
    ]


def test_a_run_that_fails_says_how_far_it_got(clock, lines):
    with pytest.raises(ZeroDivisionError), Lines(10, "Answering", "requests", clock=clock) as progress:
        progress.advance(4)
        raise ZeroDivisionError
    assert lines() == ["Answering: 4 of 10 requests, stopped after 0 s (-)"]


def test_the_line_of_the_whole_run_is_beside_that_of_the_phase(clock, lines):
    with Lines(100, "Answering", "requests", clock=clock) as progress:
        progress.whole = lambda width: "10 % · 3 min left"
        clock.now += 20
        progress.advance(10)
    assert lines()[:2] == ["Answering: 10 of 100 requests (10 %), 0.50/s, 3:00 left", "The run: 10 % · 3 min left"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (42.4, "42 s"), (59.6, "1:00"), (187, "3:07"), (7420, "2:03:40")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("done", "seconds", "text"), [(0, 1, "-"), (5, 0, "-"), (1, 8, "0.12/s"), (15, 10, "1.5/s"), (12345, 10, "1,234/s")]
)
def test_rate(done, seconds, text):
    assert rate(done, seconds) == text


def test_which_one(monkeypatch):
    assert type(open_progress(5, "x")) is Lines
    assert type(open_progress(0, "x")) is Quiet
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert type(open_progress(5, "x")) is Bar


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (99, "220/691 requests · 6.0/s · 37 s elapsed · 1:18 left"),
        (50, "220/691 requests · 6.0/s · 1:18 left"),
        (30, "220/691 requests · 1:18 left"),
        (20, "220/691 requests"),
        (5, "220/691 requests"),
    ],
)
def test_elapsed_and_remaining_time_are_named_and_a_narrow_terminal_gets_what_matters(clock, width, text):
    with Quiet(691, "Answering", "requests", clock=clock) as progress:
        clock.now += 36.6
        progress.advance(220)
        assert state_of(progress, width) == text


def test_nothing_is_left_to_say_at_either_end(clock):
    with Quiet(1200, "Loading", "tasks", clock=clock) as progress:
        clock.now += 3
        assert state_of(progress, 99) == "0/1,200 tasks · 3 s elapsed"
        progress.advance(1200)
        assert state_of(progress, 99) == "1,200/1,200 tasks · 400/s · 3 s elapsed"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Draws a bar on a terminal of ``columns`` columns; what is there in the end, line by line."""

    def draw(columns):
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        with Bar(4, "Answering", "requests") as progress:
            progress.advance(3)
            progress.advance()
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
        return [line for line in re.split(r"[\r\n]+", plain) if line]

    return draw


@pytest.mark.parametrize("columns", [200, 100, 80, 60, 40, 20, 10])
def test_the_bar_draws_on_stderr_in_one_line_whatever_the_width(terminal, columns):
    lines = terminal(columns)
    assert all(len(line) <= columns for line in lines)
    assert lines[-1].startswith("Answering"[: columns - 2])
    assert columns < 30 or "4/4 requests" in lines[-1]
    assert ("━" in lines[-1]) == (columns > 80)


def test_what_only_takes_time_says_for_how_long(lines, monkeypatch):
    monkeypatch.setattr(progress, "FIRST_SECONDS", (0.0, 0.01))
    with open_progress(0, "Loading model", TIME):
        limit = time.monotonic() + 60
        while len(lines()) < 2:
            assert time.monotonic() < limit
            time.sleep(0.01)
    assert set(lines()) == {"Loading model: 0 s so far"}
    assert threading.active_count() == len([one for one in threading.enumerate() if one.name != "elapsed"])


def test_when_a_line_is_due_of_what_only_takes_time():
    assert list(itertools.islice(line_times(), 5)) == [10.0, 30.0, 60.0, 120.0, 180.0]


def test_what_is_done_soon_says_nothing(lines):
    with open_progress(0, "Loading model", TIME):
        pass
    assert lines() == []


def test_lines_of_the_log_stand_above_a_bar_and_whole(monkeypatch):
    """A line that is logged while a bar is drawn begins in the first column and is not continued by the bar."""
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    set_up_logging()
    with Bar(3, "Answering", "requests") as bar:
        for number in range(3):
            logging.getLogger("proctor").warning("line %d", number)
            bar.advance()
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    rows = [row.rsplit("\r", 1)[-1] for row in text.split("\n")]
    logged = [row for row in rows if "line " in row]
    assert [row.rstrip()[-6:] for row in logged] == ["line 0", "line 1", "line 2"]
    assert all("Answering" not in row for row in logged)
