"""Choices as columns: scored documents with a known gold, of one metric."""

from __future__ import annotations

from stored_runs import right_and_wrong, write_run

from proctor.analysis.choice_columns import Choices, choices_of, joined_choices
from proctor.analysis.task_scores import read_task
from proctor.results.choice_view import choice_view
from proctor.results.open_runs import open_runs

ACC = ("acc", "none")


def choices(tmp_path, lines):
    (run,) = open_runs([write_run(tmp_path, {"t": lines})]).runs
    views = {}

    def visit(sample):
        view = choice_view(sample, {})
        if view is not None:
            views[sample.identity] = view

    return choices_of(ACC, read_task(run, "t", visit=visit), views)


def test_documents_without_a_known_gold_are_counted(tmp_path):
    lines = right_and_wrong("101")
    lines[1]["target"] = "nobody"
    found = choices(tmp_path, lines)
    assert (list(found.right), found.unknown, found.by_label) == ([1.0, 1.0], 1, True)


def test_tasks_are_joined_if_their_metric_is_one(tmp_path):
    first, second = choices(tmp_path / "a", right_and_wrong("10")), choices(tmp_path / "b", right_and_wrong("1"))
    joined = joined_choices([first, second, Choices(ACC)])
    assert list(joined.right) == [1.0, 0.0, 1.0]
    assert joined_choices([first, Choices(("acc_norm", "none"), second.views, second.right, second.all_none)]) is None
    assert joined_choices([Choices(ACC)]) is None
