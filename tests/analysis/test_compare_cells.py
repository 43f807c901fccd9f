"""Differences by the values of a column, and clusters that a task declares."""

from __future__ import annotations

import pytest
from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_document import comparison_document
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.verdicts import Verdict
from proctor.errors import UsageError
from proctor.results.open_runs import open_runs


def stored(folder, patterns, *, group=(), metadata=None):
    tasks = {task: right_and_wrong(pattern) for task, pattern in patterns.items()}
    for lines in tasks.values():
        for place, line in enumerate(lines):
            line["doc"] |= {"level": str(place % 2), "passage": f"P{place // 4}"}
    document = document_of(tasks, group_subtasks={"g": list(group)} if group else {})
    document["results"] |= {"g": {"alias": "g"}} if group else {}
    for config in document["configs"].values():
        config["metadata"] = metadata
    return open_runs([write_run(folder, tasks, document=document)]).runs[0]


def test_each_value_has_its_difference_corrected_for_their_number(tmp_path):
    a, b = stored(tmp_path / "a", {"t": "0" * 80}), stored(tmp_path / "b", {"t": "10" * 40})
    (found,) = compare_runs([a, b], CompareOptions(by="level")).pairs[0].divided
    assert (found.name, found.column) == ("t", "level")
    even, odd = found.cells
    assert (even.value, even.result.n, even.result.difference, even.judgement.verdict) == ("0", 40, 1.0, Verdict.BETTER)
    assert (odd.result.difference, odd.judgement.verdict) == (0.0, Verdict.NOT_RESOLVED)
    assert even.p_adjusted == pytest.approx(2 * even.result.p)


def test_a_group_is_divided_as_a_whole(tmp_path):
    runs = [stored(tmp_path / name, {"t": "01" * 20, "u": "10" * 20}, group="tu") for name in "ab"]
    comparison = compare_runs(runs, CompareOptions(by="level"))
    assert [(one.name, [cell.result.n for cell in one.cells]) for one in comparison.pairs[0].divided] == [
        ("g", [40, 40])
    ]
    found = comparison_document(comparison)["pairs"][0]["by"][0]
    assert (found["column"], found["cells"][0]["value"], found["cells"][0]["verdict"]) == ("level", "0", "not resolved")


def test_a_column_that_no_document_has_is_a_sentence(tmp_path):
    runs = [stored(tmp_path / name, {"t": "01"}) for name in "ab"]
    with pytest.raises(UsageError, match="--by levle: no document that two runs have in common has such a column"):
        compare_runs(runs, CompareOptions(by="levle"))


def test_clusters_that_a_task_declares_are_taken(tmp_path):
    metadata = {"version": 1.0, "cluster": "passage"}
    runs = [stored(tmp_path / name, {"t": pattern * 5}, metadata=metadata) for name, pattern in
            (("a", "0110"), ("b", "1111"))]  # fmt: skip
    (one,) = compare_runs(runs).pairs[0].tasks
    assert (one.result.clusters, one.result.test) == (5, "sign flips")
    wrong = [stored(tmp_path / "w" / name, {"t": "0110"}, metadata={"cluster": "gone"}) for name in "ab"]
    assert compare_runs(wrong).pairs[0].tasks[0].result.clusters is None
    with pytest.raises(UsageError, match="--cluster gone"):
        compare_runs(wrong, CompareOptions(cluster="gone"))
