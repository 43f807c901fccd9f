"""What the list says of a run."""

from __future__ import annotations

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.results.open_runs import open_runs
from proctor.view.run_facts import run_facts


@pytest.fixture
def facts(tmp_path):
    def of(tasks, **more):
        lines = {name: right_and_wrong(pattern) for name, pattern in tasks.items()}
        return run_facts(open_runs([write_run(tmp_path / "run", lines, **more)]).runs[0])

    return of


def test_a_task_alone(facts):
    found = facts({"t": "1" * 30 + "0" * 10}, **{"n-samples": {"t": {"original": 40, "effective": 40}}})
    assert (found.exams, found.metric, found.score, found.documents, found.has_samples) == (
        ("t",),
        "acc",
        0.75,
        40,
        True,
    )
    assert found.interval == (pytest.approx(0.598, abs=1e-3), pytest.approx(0.858, abs=1e-3))


def test_all_right_is_not_sure(facts):
    low, high = facts({"t": "1" * 10}, **{"n-samples": {"t": {"effective": 10}}}).interval
    assert low < 0.75
    assert high == pytest.approx(1.0)


def test_a_group_stands_for_its_tasks(facts):
    results = {
        "g": {"alias": "g", "acc,none": 0.5, "acc_stderr,none": 0.1},
        "t": {"acc,none": 1.0},
        "u": {"acc,none": 0.0},
    }
    found = facts({"t": "11", "u": "00"}, results=results, group_subtasks={"g": ["t", "u"]})
    assert found.exams == ("g",)
    assert found.score == 0.5
    assert found.interval == (pytest.approx(0.5 - 0.196, abs=1e-3), pytest.approx(0.5 + 0.196, abs=1e-3))
    assert found.as_dict()["exams"] == ["g"]


def test_a_run_without_a_score(facts):
    found = facts({"t": "1"}, results={"t": {"alias": "t"}})
    assert (found.score, found.interval, found.metric) == (None, None, None)
    assert found.as_dict()["interval"] is None
