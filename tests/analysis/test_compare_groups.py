"""A group of two runs: of the tasks that were compared by one metric."""

from __future__ import annotations

from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_groups import compare_group
from proctor.analysis.comparison import CompareOptions
from proctor.results.open_runs import open_runs


def test_a_group_of_one_compared_task_is_none(tmp_path):
    tasks = {"t": right_and_wrong("1010"), "u": right_and_wrong("1100")}
    document = document_of(tasks, group_subtasks={"g": ["t", "u"]})
    runs = [open_runs([write_run(tmp_path / name, tasks, document=document)]).runs[0] for name in "ab"]
    found = compare_runs(runs).pairs[0].tasks
    group = compare_group("g", runs[0], found, CompareOptions())
    assert (group.tasks, group.n, group.left_out, group.result.micro) == (("t", "u"), 8, 0, 0.0)
    assert compare_group("g", runs[0], found[:1], CompareOptions()) is None
