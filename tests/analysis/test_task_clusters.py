"""Whose word on clusters counts: the user's, then the task's, then what is certain."""

from __future__ import annotations

import json

from audited_runs import audited, said
from stored_runs import choice_line, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_text import option_notes
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.run_audit import AuditOptions, ClusterSource
from proctor.results.open_runs import open_runs


def lines(count=32):
    return [choice_line(i, [-0.1 if i % 8 < 4 else -5.0, -1, -2, -3], 0, passage=f"p{i // 4}") for i in range(count)]


def declaring(tmp_path, given, column, options=None, metadata=None):
    audited(tmp_path, {"t": given})
    [file] = tmp_path.glob("results_*.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    document["configs"]["t"]["metadata"] = metadata or {"version": 1.0, "cluster": column}
    return audited(tmp_path, {"t": given}, options, document=document)


def test_what_the_task_declares_is_taken_and_said(tmp_path):
    audit = declaring(tmp_path, lines(), "passage")
    (task,) = audit.tasks
    assert task.cluster == ClusterSource("passage", "declared")
    assert task.main.clusters.clusters == 8
    assert "belong together, as the task declares: t by passage (8 of 32 documents)" in said(audit)


def test_the_user_comes_first(tmp_path):
    audit = declaring(tmp_path, lines(), "passage", AuditOptions(cluster="question"))
    assert audit.tasks[0].cluster == ClusterSource("question", "given")
    assert "as the task declares" not in said(audit)


def test_a_declared_column_that_is_not_there_is_no_cluster(tmp_path):
    (task,) = declaring(tmp_path, lines(), "gone").tasks
    assert (task.cluster, task.main.method) == (None, "wilson")
    (task,) = declaring(tmp_path, lines(), "", metadata={"cluster": 7}).tasks
    assert task.cluster is None


def compared(tmp_path, given, options=None):
    runs = [open_runs([write_run(tmp_path / name, {"t": lines})]).runs[0] for name, lines in given.items()]
    return compare_runs(runs, options)


def passages(lls):
    text = "This question refers to the following information.\nPassage {}\nQuestion {}?"
    return [choice_line(i, lls(i), 0, question=text.format(i // 2, i)) for i in range(24)]


def test_a_comparison_takes_the_same_guess_and_says_so(tmp_path):
    given = {"a": passages(lambda i: [-0.1, -1, -2, -3]), "b": passages(lambda i: [-0.1 - (i % 6 < 2) * 9, -1, -2, -3])}
    comparison = compared(tmp_path, given)
    (pair,) = comparison.pairs
    (task,) = pair.tasks
    assert (task.result.test, task.result.clusters) == ("sign flips", 12)
    assert list(option_notes(pair, comparison)) == [
        "Errors are for documents that belong together, as their documents show: t by passage (12 of 24 documents); "
        "--cluster names another column."
    ]
    named = compared(tmp_path, given, CompareOptions(cluster="question"))
    assert named.pairs[0].tasks[0].result.clusters == 24
    assert not list(option_notes(named.pairs[0], named))


def test_a_comparison_says_what_the_task_declares(tmp_path):
    for name in "ab":
        declaring(tmp_path / name, lines(), "passage")
    runs = [open_runs([tmp_path / name]).runs[0] for name in "ab"]
    comparison = compare_runs(runs)
    assert comparison.pairs[0].tasks[0].result.clusters == 8
    assert "as the tasks declare: t (8 of 32 documents)" in next(option_notes(comparison.pairs[0], comparison))


def test_without_shared_texts_documents_are_independent(tmp_path):
    comparison = compared(tmp_path, {"a": lines(8), "b": lines(8)})
    assert comparison.pairs[0].tasks[0].result.test == "mcnemar"


def test_a_guess_is_said(tmp_path):
    text = "This question refers to the following information.\nPassage {}\nQuestion {}?"
    given = [choice_line(i, [-0.1, -1, -2, -3], 0, question=text.format(i // 2, i)) for i in range(24)]
    audit = audited(tmp_path, {"t": given})
    assert audit.tasks[0].cluster == ClusterSource("passage", "guessed")
    assert "as their documents show: t by passage (12 of 24 documents); --cluster names another" in said(audit)
