"""A comparison as JSON: all digits, and the sentences."""

from __future__ import annotations

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_document import comparison_document
from proctor.analysis.compare_text import task_sentence
from proctor.results.open_runs import open_runs


def compared(tmp_path, first, second):
    runs = []
    for place, tasks in enumerate((first, second)):
        lines = {task: right_and_wrong(given) if isinstance(given, str) else given for task, given in tasks.items()}
        runs += open_runs([write_run(tmp_path / str(place), lines)]).runs
    return compare_runs(runs)


def test_json_has_all_digits_and_the_sentences(tmp_path):
    comparison = compared(tmp_path, {"t": "0" * 10 + "1" * 20, "u": "1"}, {"t": "1" * 30})
    document = comparison_document(comparison)
    assert document["runs"]["A"]["model"] == "org/small"
    (pair,) = document["pairs"]
    (task,) = pair["tasks"]
    assert (task["only_a"], task["only_b"], task["p"], task["verdict"]) == (0, 10, 0.001953125, "better")
    assert task["interval"] == pytest.approx(comparison.pairs[0].tasks[0].result.interval)
    assert task["sentence"] == task_sentence(comparison.pairs[0].tasks[0])
    assert task["paired_by"] == "doc_hash"
    assert pair["only_a"] == ["u"]
