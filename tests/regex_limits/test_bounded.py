"""A match comes to an end: in the main thread, in another, on long texts, and at no cost to the others."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time

import pytest

from proctor.regex_limits import bounded
from proctor.regex_limits.bounded import SlowPatternError, TimeLimit, compiled, findall, sub

EXPLODING = re.compile(r"(a+)+$")
BAIT = "a" * 60 + "b"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(bounded, "SECONDS", 0.3)
    monkeypatch.setattr(bounded, "LEAST", 0.2)


def in_thread(work):
    outcome = []

    def run():
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    return outcome[0]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", BAIT),
        (r"(?:a|aa)+$", BAIT),
        (r"(.*)(.*)(.*)(.*)x", "a" * 3000),
        (r"(x+x+)+y", "x" * 5000),
    ],
)
@pytest.mark.parametrize("work", [lambda regex, text: findall(regex, text), lambda regex, text: sub(regex, "", text)])
def test_a_match_without_end_is_broken_off_and_said(pattern, text, work):
    with pytest.raises(SlowPatternError, match=r"took more than 0\.3 s on [\d,]+ characters") as told:
        work(re.compile(pattern), text)
    assert repr(pattern) in str(told.value)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_a_long_repetition_on_a_long_text_is_broken_off():
    with pytest.raises(SlowPatternError, match="1,000,000 characters"):
        findall(re.compile(r"\s+$"), " " * 999_999 + "x")


def test_another_thread_has_the_limit_too_and_the_next_text_is_answered():
    assert isinstance(in_thread(lambda: findall(EXPLODING, BAIT)), SlowPatternError)
    assert in_thread(lambda: findall(re.compile(r"(?i)(\w)=(\d)"), "A=1 \ud800 b=2")) == [("A", "1"), ("b", "2")]
    assert in_thread(lambda: sub(re.compile("\ud800"), r"<\g<0>>", "a\ud800\0b", 1)) == "a<\ud800>\0b"
    wrong = in_thread(lambda: sub(re.compile("a"), r"\2", "a"))
    assert isinstance(wrong, ValueError)
    assert "invalid group reference" in str(wrong)


def test_who_uses_the_timer_keeps_it():
    before = signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 500)
        assert findall(re.compile("a"), "aa") == ["a", "a"]
        assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] > 400
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_each_piece_has_its_own_time_and_slow_ones_shorten_it():
    def spin(seconds):
        until = time.process_time() + seconds
        while time.process_time() < until:
            findall(re.compile("a"), "b")

    with TimeLimit() as watch:
        for _ in range(6):
            watch.run(spin, 0.15)
        with pytest.raises(SlowPatternError):
            watch.run(findall, EXPLODING, BAIT)
        assert watch.limit == 0.2
        watch.run(spin, 0.05)
    assert TimeLimit._current is None


def test_a_process_that_forgets_its_child_leaves_none_behind():
    in_thread(lambda: findall(EXPLODING, "a"))
    child = bounded._HELPER._process
    assert isinstance(child, subprocess.Popen)
    bounded._HELPER.close()
    assert child.returncode is not None


@pytest.mark.parametrize(
    "pattern", ["(", "a{99999999999999999999}", "(" * 5000 + ")" * 5000, None, 5, b"a", r"\8", "(?P<a>a)(?P<a>b)"]
)
def test_what_is_no_pattern_is_a_sentence(pattern):
    with pytest.raises(ValueError, match=r"is no regular expression|is a pattern for bytes") as told:
        compiled(pattern)
    assert len(str(told.value)) < 500


def test_nothing_but_a_match_is_broken_off():
    def dawdle():
        until = time.process_time() + 1.0
        while time.process_time() < until:
            pass
        return findall(re.compile("a"), "aa")

    with TimeLimit() as watch:
        assert watch.run(dawdle) == ["a", "a"]


def test_many_short_matches_are_one_piece_with_one_limit():
    def match_on():
        until = time.process_time() + 20
        while time.process_time() < until:
            findall(re.compile("(a+)+b"), "a" * 22)

    with TimeLimit() as watch, pytest.raises(SlowPatternError):
        watch.run(match_on)
