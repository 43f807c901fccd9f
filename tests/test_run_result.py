"""What a run gives: names of groups and tasks, once each, and the scores under them."""

from __future__ import annotations

import pytest

from proctor.run_result import GroupResult, RunResult, TaskResult, Value


def task(name: str, value: float) -> TaskResult:
    return TaskResult(name, name, 1, 0, 4, 4, 4, {("acc", "none"): Value(value, 0.1)}, {"acc": True}, {})


@pytest.fixture
def result() -> RunResult:
    group = GroupResult("exam", "exam", "N/A", ("sums",), {("acc", "none"): Value(0.75)})
    own = GroupResult("sums", "sums", "N/A", ())
    return RunResult((task("sums", 0.5), task("words", 1.0)), (group, own), {}, {}, {}, 0.0, 1.0)


def test_names_of_groups_come_first_and_each_once(result):
    assert list(result) == list(result.keys()) == ["exam", "sums", "words"]
    assert "words" in result
    assert "no_such" not in result


def test_scores_stand_under_their_names(result):
    assert result["exam"]["acc"] == 0.75
    assert result["words"]["acc"].stderr == 0.1


def test_a_value_without_an_error_says_nothing_of_one():
    value = Value(0.5)
    assert (value.stderr, value.n, value.method, value.interval) == (None,) * 4
    assert "0.5" in repr(value)
    with pytest.raises(AttributeError):
        value.value = 1
