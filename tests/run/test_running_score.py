"""The score so far, and the line of a whole run."""

from __future__ import annotations

import pytest

from proctor.records import Record
from proctor.run.running_score import RunningScore, run_line, time_left


def record(value, *, filter_name="none", metric="acc", **changes):
    facts = {"doc": {}, "target": "", "arguments": (), "responses": (), "filtered": (), "filter": filter_name}
    return Record(task="a", doc_id=0, metrics={} if value is None else {metric: value}, **facts, **changes)


def test_what_has_no_mean_gives_no_score():
    score = RunningScore()
    for one in (record((-3.0, 7)), record(float("nan")), record("text"), record(None)):
        score.add(one)
    assert score.facts() == {}


def test_other_filters_other_variants_and_errors_are_not_counted():
    score = RunningScore()
    score.add(record(None, error="no key"))
    score.add(record(1.0, filter_name="first"))
    score.add(record(0.0, filter_name="second"))
    score.add(record(0.0, filter_name="first", variant=1))
    assert score.facts()["n"] == 1


def test_scores_of_two_parts_are_one_score():
    first, second, none = RunningScore(), RunningScore(), RunningScore()
    for value in (1.0, 0.0):
        first.add(record(value))
    second.add(record(1.0))
    both = first.with_other(second)
    assert (both.metric, both.total, both.n, both.is_share) == ("acc", 2.0, 3, True)
    assert none.with_other(first) == first.with_other(none) == first
    second.add(record(0.5))
    assert "interval" not in first.with_other(second).facts()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s left"), (59.4, "59 s left"), (59.6, "1 min left"), (200, "3 min left"), (7500, "2 h 5 min left")],
)
def test_time_left(seconds, text):
    assert time_left(seconds) == text


DOCUMENT = {
    "phase": "Answering", "eta": 180.0, "questions": {"done": 1_710, "total": 14_042},
    "tasks": {"a": {"metric": "acc", "score": 0.51, "interval": [0.49, 0.54]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (None, "12 % · 1,710 of 14,042 questions · 3 min left · acc so far 0.51 [0.49, 0.54]"),
        (76, "12 % · 1,710 of 14,042 questions · 3 min left · acc so far 0.51 [0.49, 0.54]"),
        (75, "12 % · 1,710 of 14,042 questions · 3 min left"),
        (44, "12 % · 3 min left"),
        (16, "12 %"),
        (1, ""),
    ],
)
def test_a_narrow_terminal_gets_what_matters(width, line):
    assert run_line(DOCUMENT, width) == line


def test_what_is_not_known_is_left_out():
    assert run_line({}) == ""
    assert run_line(DOCUMENT | {"questions": {"done": 0, "total": 0}}) == ""
    assert run_line(DOCUMENT | {"phase": "Grading", "tasks": {}}) == "12 % · 1,710 of 14,042 questions"
    two = {"a": DOCUMENT["tasks"]["a"], "b": {}}
    assert "so far" not in run_line(DOCUMENT | {"tasks": two})
