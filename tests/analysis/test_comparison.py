"""The values of a comparison: A and B stand where their names say, which is the other way round in the difference."""

from __future__ import annotations

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions, TaskComparison, members_of
from proctor.results.open_runs import open_runs

A, B = "1" * 30 + "0" * 10, "0" * 5 + "1" * 33 + "0" * 2


@pytest.fixture
def comparison(tmp_path):
    folders = [write_run(tmp_path / name, {"t": right_and_wrong(text)}) for name, text in (("a", A), ("b", B))]
    return compare_runs(open_runs(folders).runs, CompareOptions())


def test_a_and_b_are_the_first_and_the_second_run(comparison):
    [pair] = comparison.pairs
    [task] = pair.tasks
    assert (task.a, task.b) == (30 / 40, 33 / 40)
    assert (task.counts.both, task.counts.only_a, task.counts.only_b, task.counts.neither) == (25, 5, 8, 2)
    assert task.result.difference == pytest.approx(task.b - task.a)


def test_where_there_is_no_test_the_scores_are_those_of_the_files():
    task = TaskComparison("t", "t", scores=(0.25, None), reason="There are no samples.")
    assert (task.a, task.b, task.counts) == (0.25, None, None)


def test_the_whole_is_a_line_for_people_and_a_document_for_programs(comparison):
    assert repr(comparison).startswith("<Comparison of A ")
    assert "B against A: " in repr(comparison)
    document = comparison.to_dict()
    assert document["pairs"][0]["tasks"][0]["task"] == "t"


def test_a_group_within_one_that_was_not_compared_is_in_no_other(tmp_path):
    groups = {"group_subtasks": {"whole": ["part", "c"], "part": ["a", "b"]}}
    tasks = {name: right_and_wrong("10" * 10) for name in "abc"}
    runs = [open_runs([write_run(tmp_path / name, tasks, **groups)]).runs[0] for name in ("x", "y")]
    (pair,) = compare_runs(runs, CompareOptions(tasks=("part",))).pairs
    # What is chosen of "whole" is not all of it: a score of two subjects is not that of the exam.
    assert [one.group for one in pair.groups] == ["part"]
    assert members_of(runs[0], pair.groups) == {"a", "b"}
    (pair,) = compare_runs(runs, CompareOptions()).pairs
    assert [one.group for one in pair.groups] == ["whole", "part"]
    assert members_of(runs[0], pair.groups) == {"part", "a", "b", "c"}


def test_a_group_that_contains_itself_ends(tmp_path):
    tasks = {name: right_and_wrong("10" * 10) for name in "ab"}
    runs = [open_runs([write_run(tmp_path / name, tasks, group_subtasks={"g": ["a", "b", "g"]})]).runs[0]
            for name in ("x", "y")]  # fmt: skip
    assert members_of(runs[0], compare_runs(runs).pairs[0].groups) == {"a", "b", "g"}
