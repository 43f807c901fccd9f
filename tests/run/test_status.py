"""What a run says of itself: phases, tasks, scores so far."""

from __future__ import annotations

import json

import pytest

from proctor.records import Record
from proctor.run.progress import Quiet
from proctor.run.running_score import run_line
from proctor.run.status import MOST_WARNINGS, RunStatus, TaskWatch, WatchedProgress, status_line


def record(value, *, task="a", filter_name="none", metric="acc", **changes):
    facts = {"doc": {}, "target": "", "arguments": (), "responses": (), "filtered": (), "filter": filter_name}
    return Record(task=task, doc_id=0, metrics={} if value is None else {metric: value}, **facts, **changes)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def status(clock):
    return RunStatus({"model": "tiny", "pid": 7}, clock=clock)


def test_phases_of_displays(status, clock):
    watched = WatchedProgress(status, Quiet)
    assert isinstance(watched, TaskWatch)
    assert status.document()["phase"] == "Starting"
    with watched(2, "Loading tasks") as display:
        display.advance()
        clock.now += 4
        found = status.document()
        assert [found[key] for key in ("phase", "done", "total", "unit", "rate", "eta")] == [
            "Loading tasks", 1, 2, "tasks", 0.25, 4.0,
        ]  # fmt: skip
    assert status.phase == "Opening the model"
    with watched(9, "Answering", "requests") as display:
        display.advance(5)
    found = status.document()
    assert (found["phase"], found["done"], found["total"], found["rate"], found["eta"]) == ("Grading", 0, 0, None, None)
    assert (found["model"], found["pid"], found["state"]) == ("tiny", 7, "running")
    json.dumps(found)


def test_a_phase_that_fails_is_the_one_that_is_said(status):
    with pytest.raises(ZeroDivisionError), WatchedProgress(status, Quiet)(9, "Answering", "requests") as display:
        display.advance(3)
        raise ZeroDivisionError
    assert (status.phase, status.done) == ("Answering", 3)


def test_requests_by_task_over_chunks(status):
    status.expect({"a": 4, "b": 6})
    first = {"a": 4, "b": 1}
    status.follow(first)
    second = {}
    status.follow(second)
    second["b"] = 3
    tasks = status.document()["tasks"]
    assert tasks == {"a": {"done": 4, "total": 4}, "b": {"done": 4, "total": 6}}


def test_the_score_so_far_has_an_interval_where_it_is_a_share(status):
    status.expect({"a": 4, "b": 4})
    for value in (1.0, 0.0, 1, True):
        status.graded(record(value))
    for value in (0.5, 0.25):
        status.graded(record(value, task="b", metric="f1"))
    tasks = status.document()["tasks"]
    assert (tasks["a"]["metric"], tasks["a"]["score"], tasks["a"]["n"]) == ("acc", 0.75, 4)
    assert [round(end, 3) for end in tasks["a"]["interval"]] == [0.301, 0.954]
    assert (tasks["b"]["score"], "interval" in tasks["b"]) == (0.375, False)


def test_a_run_of_one_task_has_its_score_on_its_line_and_a_run_of_several_has_none(status, clock):
    opened = []

    def open_display(*words):
        opened.append(Quiet(*words))
        return opened[0]

    assert status.line() == ""
    status.expect({"a": 400}, 100)
    with WatchedProgress(status, open_display)(400, "Answering", "requests") as display:
        display.advance(200)
        clock.now += 180
        assert opened[0].whole(None) == "0 % · 0 of 100 questions · 3 min left"
        for value in (1.0, 0.0) * 20:
            status.graded(record(value))
        line = "0 % · 0 of 100 questions · 3 min left · acc so far 0.50 [0.35, 0.65]"
        assert opened[0].whole(None) == run_line(status.document()) == line
        # Tasks that are done first are easier or harder than the others.
        status.expect({"a": 400, "b": 4}, 101)
        assert opened[0].whole(None) == "0 % · 0 of 101 questions · 3 min left"


def test_a_mean_that_is_no_share_has_no_interval(status):
    status.expect({"a": 4}, 4)
    status.graded(record(0.25, metric="f1"))
    assert status.line() == "0 % · 0 of 4 questions · f1 so far 0.25"


def test_warnings_are_counted_and_the_first_are_shown(status):
    for number in range(MOST_WARNINGS + 5):
        status.warn(f"no {number}")
    found = status.document()
    assert (found["warned"], len(found["warnings"]), found["warnings"][0]) == (25, 20, "no 0")


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (
            {"phase": "Answering", "done": 120, "total": 691, "unit": "requests", "rate": 6.0, "eta": 95.2},
            "Answering: 120 of 691 requests (17 %), 6.0/s, 1:35 left",
        ),
        ({"phase": "Loading model", "phase_seconds": 33.4}, "Loading model, 33 s so far"),
        ({"phase": "Answering", "done": 0, "total": 10, "unit": "requests"}, "Answering: 0 of 10 requests (0 %)"),
        ({}, "None, 0 s so far"),
    ],
)
def test_a_line(document, line):
    assert status_line(document) == line
