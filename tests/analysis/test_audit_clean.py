"""Audited scores without the documents that somebody excludes."""

from __future__ import annotations

import json

import pytest
from audited_runs import audited, said
from stored_runs import right_and_wrong, sha

from proctor.analysis.audit_document import audit_document
from proctor.analysis.run_audit import AuditOptions
from proctor.cli.audit_tables import audit_lines
from proctor.errors import UsageError
from proctor.stats.intervals import wilson_interval


def excluding(tmp_path, *names, task="t"):
    file = tmp_path / "bad.jsonl"
    file.write_text("".join(json.dumps({"task": task, "doc_hash": sha(name)}) + "\n" for name in names), "utf-8")
    return AuditOptions(exclude=str(file))


def questions(*places):
    return [f"Question {place}?" for place in places]


def test_the_score_stays_and_the_one_without_them_stands_beside_it(tmp_path):
    audit = audited(tmp_path, {"t": "1110" * 10}, excluding(tmp_path, *questions(3, 7)))
    (task,) = audit.tasks
    assert (task.main.metric, task.main.score, task.main.n) == (("acc", "none"), 0.75, 40)
    clean = task.main_clean
    assert (clean.metric, clean.score, clean.n) == (("acc_clean", "none"), 30 / 38, 38)
    assert (clean.interval, clean.method) == (wilson_interval(30, 38), "wilson")
    assert "Without 2 excluded documents: acc_clean 0.789 on 38 documents (95 %: " in said(audit)
    assert any("acc_clean" in line and " 38 " in line for line in audit_lines(audit))
    document = json.loads(json.dumps(audit_document(audit)))
    assert document["results"]["t"]["acc_clean,none"] == 30 / 38
    assert document["proctor"]["audit"]["t"]["clean"][0]["n"] == 38


def test_a_group_has_it_of_all_its_documents(tmp_path):
    tasks = {"t": "1110" * 10, "u": right_and_wrong("10" * 20)}
    audit = audited(tmp_path, tasks, excluding(tmp_path, *questions(3, 7)), group_subtasks={"g": ["t", "u"]})
    (group,) = audit.groups
    assert (group.clean.metric[0], group.clean.n, group.clean.score) == ("acc_clean", 78, 50 / 78)
    assert group.clean.interval[0] < 50 / 78 < group.clean.interval[1]
    assert audit.tasks[1].clean == ()


def test_clusters_hold_of_what_is_left(tmp_path):
    options = excluding(tmp_path, *questions(0))
    found = audited(tmp_path, {"t": "1100" * 6}, AuditOptions(cluster="question", exclude=options.exclude))
    assert found.tasks[0].main_clean.clusters.clusters == 23


def test_documents_that_are_not_there_are_counted(tmp_path):
    audit = audited(tmp_path, {"t": "10" * 4}, excluding(tmp_path, *questions(0, 99)))
    assert audit.not_there == 1
    assert "1 document in " in said(audit)
    other = audited(tmp_path / "b", {"t": "10" * 4}, excluding(tmp_path, *questions(0), task="gone"))
    assert (other.not_there, other.tasks[0].clean) == (1, ())


def test_all_documents_can_be_excluded(tmp_path):
    (task,) = audited(tmp_path, {"t": "10"}, excluding(tmp_path, *questions(0, 1))).tasks
    assert (task.clean, task.excluded, task.main.n) == ((), 2, 2)


def test_without_samples_nothing_is_excluded(tmp_path):
    found = audited(tmp_path, {"t": "10" * 4}, excluding(tmp_path, *questions(0)))
    for file in tmp_path.glob("samples_*"):
        file.unlink()
    from proctor.analysis.audit import audit_run
    from proctor.results.open_runs import open_runs

    (run,) = open_runs([tmp_path]).runs
    audit = audit_run(run, found.options)
    assert (audit.tasks[0].clean, audit.not_there) == ((), 1)


@pytest.mark.parametrize("content", [None, "not json\n", '{"task": "t", "doc_hash": "x"}\n'])
def test_a_wrong_file_is_a_sentence(tmp_path, content):
    file = tmp_path / "wrong.jsonl"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"wrong\.jsonl"):
        audited(tmp_path, {"t": "10"}, AuditOptions(exclude=str(file)))
