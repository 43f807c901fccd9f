"""One table of several models."""

from __future__ import annotations

from proctor.cli.model_table import first_score, models_table


def document(tasks, **more):
    return {"results": {name: {"alias": name, **entry} for name, entry in tasks.items()}, **more}


ACC = {"acc,none": 0.5, "acc_stderr,none": 0.1, "acc_norm,none": 0.75, "acc_norm_stderr,none": 0.1}


def rows(documents):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in models_table(documents).splitlines()]


def test_a_row_a_task_and_a_column_a_model():
    higher = {"t": {"acc": True}}
    found = rows({"a": document({"t": ACC}, higher_is_better=higher), "b": document({"t": {**ACC, "acc,none": 0.25}})})
    assert found[0] == ["Tasks", "Metric", "", "a", "b"]
    assert found[2] == ["t", "acc", "↑", "0.5000 ± 0.1000", "0.2500 ± 0.1000"]


def test_tasks_of_one_model_alone_leave_the_other_cell_empty():
    found = rows({"a": document({"t": ACC}), "b": document({"u": {"em,strict": 1.0}})})
    assert found[2] == ["t", "acc", "", "0.5000 ± 0.1000", ""]
    assert found[3] == ["u", "em,strict", "", "", "1.0000"]


def test_groups_are_indented_and_a_group_without_a_score_has_no_row():
    tasks = {"g": {"acc,none": 0.5, "acc_stderr,none": "N/A"}, "h": {}, "t": ACC}
    found = rows({"a": document(tasks, group_subtasks={"g": ["t"], "h": []})})
    assert [row[0] for row in found[2:]] == ["g", "- t"]
    assert found[2][-1] == "0.5000"


def test_a_score_of_a_run_that_stopped_early_is_marked():
    scope = {"stopped": True, "name": "t", "tasks": []}
    found = rows({"a": document({"t": ACC}, config={"early_stop": {"scopes": [scope]}})})
    assert found[2][-1] == "~0.5000 ± 0.1000"


def test_what_stands_for_a_task():
    assert first_score(ACC) == "acc,none"
    assert first_score({"alias": "t", "bypass,none": 999}) == ""
    assert first_score({}) == ""
