"""A results file and its samples that do not say the same: the reason is that, and no other one."""

from __future__ import annotations

import pytest
from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.audit import audit_run
from proctor.analysis.compare import compare_runs
from proctor.analysis.contradictions import contradictions, no_means
from proctor.analysis.task_scores import read_task
from proctor.results.open_runs import open_runs

LINES = {"t": right_and_wrong("1100")}


def run(folder, score=0.5, count=4, metric="acc"):
    document = document_of(LINES)
    document["results"]["t"] = {"alias": "t", f"{metric},none": score}
    document["n-samples"] = {"t": {"original": count, "effective": count}}
    return open_runs([write_run(folder, LINES, document=document)]).runs[0]


@pytest.mark.parametrize("how", [{"score": 0.9}, {"count": 3}])
def test_scores_that_are_not_those_of_the_samples_are_no_statistics(tmp_path, how):
    odd = run(tmp_path / "odd", **how)
    reason = "the scores of t in the results file are not those of its samples"
    assert no_means(odd, read_task(odd, "t")) == reason
    assert audit_run(odd).tasks[0].reason == reason
    assert compare_runs([run(tmp_path / "well"), odd]).pairs[0].tasks[0].reason == reason
    assert len(list(contradictions(odd, read_task(odd, "t")))) == 1


def test_a_statistic_of_all_documents_is_one(tmp_path):
    lines = {"t": [{**line, "f1": [1, 1], "metrics": ["f1"]} for line in LINES["t"]]}
    document = document_of(lines)
    document["results"]["t"] = {"alias": "t", "f1,none": 0.9}
    one = open_runs([write_run(tmp_path, lines, document=document)]).runs[0]
    assert "are statistics of all its documents, not means of theirs (f1)" in no_means(one, read_task(one, "t"))


def test_samples_that_are_missing_are_said(tmp_path):
    (phrase,) = contradictions(odd := run(tmp_path, count=9), read_task(odd, "t"))
    assert "counts 9 documents of t and its samples 4" in phrase


def test_what_agrees_has_none(tmp_path):
    one = run(tmp_path)
    assert not list(contradictions(one, read_task(one, "t")))
