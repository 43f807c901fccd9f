"""One table of several models: that of ``proctor table``, with the same errors."""

from __future__ import annotations

import pytest
from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.score_table import score_table
from proctor.cli.model_table import models_table
from proctor.results.open_runs import open_runs
from proctor.settings.config import build_config
from proctor.stats.intervals import wilson_interval


def document(tasks, **more):
    return {"results": {name: {"alias": name, **entry} for name, entry in tasks.items()}, **more}


CONFIG = build_config({"model": "dummy", "tasks": ["t"]})
ACC = {"acc,none": 0.5, "acc_stderr,none": 0.1, "acc_norm,none": 0.75, "acc_norm_stderr,none": 0.1}


def rows(documents):
    lines = [line for line in models_table(documents, CONFIG).splitlines() if line.startswith("|")]
    return [[cell.strip().replace("\u00a0", " ") for cell in line.strip("|").split("|")] for line in lines]


def test_a_row_a_task_and_a_column_a_model():
    found = rows({"a": document({"t": ACC}), "b": document({"t": {**ACC, "acc,none": 0.25}})})
    assert found[0] == ["Task", "Metric", "n", "a", "b"]
    assert found[2] == ["t", "acc", "", "0.5000 ± 0.1960", "0.2500 ± 0.1960"]


def test_it_is_the_table_of_stored_runs(tmp_path):
    documents, paths = {}, []
    for name, pattern in (("a", "1110" * 10), ("b", "10" * 20)):
        tasks = {"t": right_and_wrong(pattern)}
        documents[name] = document_of(tasks, **{"n-samples": {"t": {"original": 40, "effective": 40}}})
        n, right = 40, sum(line["acc"] for line in tasks["t"])
        documents[name]["results"]["t"]["acc_stderr,none"] = (right / n * (1 - right / n) / (n - 1)) ** 0.5
        paths.append(write_run(tmp_path / name, tasks, document=documents[name]))
    stored = score_table(open_runs(paths).runs)
    halves = [cell.half for cell in stored.rows[0].cells]
    low, high = wilson_interval(30, 40)
    assert halves[0] == pytest.approx((high - low) / 2)
    assert rows(documents)[2][3:] == [f"0.7500 ± {halves[0]:.4f}", f"0.5000 ± {halves[1]:.4f}"]


def test_tasks_of_one_model_alone_leave_the_other_cell_empty():
    found = rows({"a": document({"t": ACC}), "b": document({"u": {"em,strict": 1.0}})})
    assert found[2] == ["t", "acc", "", "0.5000 ± 0.1960", ""]
    assert found[3] == ["u", "em,strict", "", "", "1.0000"]


def test_groups_are_indented_and_a_group_without_a_score_has_no_row():
    tasks = {"g": {"acc,none": 0.5, "acc_stderr,none": "N/A"}, "h": {}, "t": ACC}
    found = rows({"a": document(tasks, group_subtasks={"g": ["t"], "h": []})})
    assert [row[0] for row in found[2:]] == ["g", "t"]
    assert found[2][-1] == "0.5000"


def test_a_score_of_a_run_that_stopped_early_is_marked():
    scope = {"stopped": True, "name": "t", "tasks": [], "asked": 3, "documents": 9}
    found = rows({"a": document({"t": ACC}, config={"early_stop": {"scopes": [scope], "seed": 1}})})
    # Its ordinary error does not hold.
    assert found[2][-1] == "~0.5000"


def test_models_without_a_score_have_no_table():
    assert models_table({"a": document({"t": {"bypass,none": 999}}), "b": document({})}, CONFIG) == ""


def test_what_compares_the_models_is_a_command_to_copy():
    documents = {"a": document({"t": ACC}), "b": document({"t": ACC})}
    assert "add --output_path FOLDER --log_samples and run again" in models_table(documents, CONFIG)
    saved = build_config({"model": "dummy", "tasks": ["t"], "output_path": "my runs", "log_samples": True})
    shown = models_table(documents, saved)
    assert "proctor compare 'my runs'; as a page: proctor report 'my runs'" in shown
    assert "proctor compare" not in models_table({"a": documents["a"]}, saved), "one model: nothing to compare"
