"""The process that matches for a thread: one line of JSON in, one out, and an end by the system."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.regex_limits import bounded

CHILD = Path(bounded.__file__).with_name("child.py")


def served(*jobs: dict[str, object]) -> tuple[list[dict[str, object]], int]:
    """What the child answers, and its exit code."""
    lines = "".join(json.dumps({"flags": 0, "seconds": 5, **job}) + "\n" for job in jobs)
    command = [sys.executable, "-I", "-S", str(CHILD)]
    found = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in found.stdout.splitlines()], found.returncode


def test_each_line_has_its_answer_in_order():
    answers, code = served(
        {"work": "findall", "pattern": "a(.)", "text": "ab ac\nad"},
        {"work": "findall", "pattern": "A", "flags": re.IGNORECASE, "text": "aA"},
        {"work": "sub", "pattern": "(a)", "text": "aaa", "repl": r"<\1>", "count": 2},
    )
    assert answers == [{"found": ["b", "c", "d"]}, {"found": ["a", "A"]}, {"found": "<a><a>a"}]
    assert code == 0


def test_a_text_in_any_script_comes_back_as_it_was():
    [answer], _ = served({"work": "findall", "pattern": ".+", "text": "서울 \ud800 \u2028"})
    assert answer == {"found": ["서울 \ud800 \u2028"]}


def test_a_replacement_that_does_not_fit_is_said_and_the_next_text_is_answered():
    answers, _ = served(
        {"work": "sub", "pattern": "a", "text": "a", "repl": r"\2", "count": 0},
        {"work": "findall", "pattern": "a", "text": "a"},
    )
    assert "invalid group reference 2" in str(answers[0]["error"])
    assert answers[1] == {"found": ["a"]}


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of processor time there")
def test_the_system_ends_a_match_that_takes_too_long():
    answers, code = served(
        {"work": "findall", "pattern": "x", "text": "x"},
        {"work": "findall", "pattern": "(a+)+$", "text": "a" * 60 + "b", "seconds": 0.5},
    )
    assert answers == [{"found": ["x"]}]
    assert -code in (signal.SIGXCPU, signal.SIGKILL)
