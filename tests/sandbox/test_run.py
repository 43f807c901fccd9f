"""What a program may do, and how its end is told."""

from __future__ import annotations

import logging
import os

from sandboxed import LINUX, one

from proctor.sandbox import run
from proctor.sandbox.run import bounds_report, run_programs


def test_outcomes_come_in_the_order_of_the_programs():
    programs = [f"import time\ntime.sleep({(7 - n) / 50})\nassert {n} % 2" for n in range(8)]
    assert [outcome.passed for outcome in run_programs(programs, workers=4)] == [False, True] * 4
    assert run_programs([]) == []


def test_the_order_of_sets_is_that_of_the_last_run():
    program = "raise KeyError(list({'a', 'b', 'c', 'd', 'e'}))"
    assert len({outcome.text for outcome in run_programs([program] * 6, workers=3)}) == 1


@LINUX
def test_a_lost_warden_is_replaced(caplog):
    with run._pool.one(frozenset()) as warden:
        os.kill(warden.process.pid, 9)
        warden.process.wait()
        assert warden.run("", 1, 1 << 30, 1 << 20) is None
    assert one("assert True").passed


@LINUX
def test_what_cannot_be_enforced_is_told_once(caplog, monkeypatch):
    monkeypatch.setattr(run, "_pool", run._Pool())
    with caplog.at_level(logging.WARNING, "proctor"):
        run._pool._warn_of_missing({"landlock": "no such call"}, frozenset())
        run._pool._warn_of_missing({"landlock": "no such call"}, frozenset())
    assert len(caplog.records) == 1
    assert "landlock: no such call" in caplog.text
    assert (bounds_report() or {})["landlock"] == "not in force: no such call"
    assert (bounds_report() or {})["seccomp"] == "in force"
