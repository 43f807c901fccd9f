"""Groups of an audit: the documents of their tasks together, by a column as well."""

from __future__ import annotations

import pytest
from audited_runs import audited, said
from stored_runs import document_of, right_and_wrong, text_line, write_run

from proctor.analysis.audit import audit_run
from proctor.analysis.audit_document import audit_document
from proctor.analysis.audit_groups import detectable
from proctor.analysis.run_audit import AuditOptions
from proctor.analysis.score_table import score_table
from proctor.errors import UsageError
from proctor.results.open_runs import open_runs


def levelled(pattern, **more):
    lines = right_and_wrong(pattern, **more)
    for place, line in enumerate(lines):
        line["doc"]["level"] = place % 2
    return lines


def grouped(tmp_path, tasks, options):
    document = document_of(tasks, group_subtasks={"g": list(tasks)})
    document["results"]["g"] = {"alias": "g"}
    return audited(tmp_path, tasks, options, document=document)


def test_a_group_is_divided_by_the_columns_of_its_tasks(tmp_path):
    tasks = {"a": levelled("10" * 20), "b": levelled("10" * 20)}
    audit = grouped(tmp_path, tasks, AuditOptions(by="level"))
    (group,) = audit.groups
    assert [(cell.value, cell.n, cell.score) for cell in group.cells.cells] == [("0", 40, 1.0), ("1", 40, 0.0)]
    assert "By level: 2 values. Their scores differ" in said(audit)
    found = audit_document(audit)["proctor"]["audit"]["g"]["by"]
    assert found["cells"][0] == {
        "value": "0",
        "n": 40,
        "score": 1.0,
        "interval": found["cells"][0]["interval"],
        "few": False,
    }


def test_tasks_without_the_column_are_left_out_of_it(tmp_path):
    audit = grouped(tmp_path, {"a": levelled("10" * 20), "b": right_and_wrong("11")}, AuditOptions(by="level"))
    assert sum(cell.n for cell in audit.groups[0].cells.cells) == 40
    assert [task.cells is None for task in audit.tasks] == [False, True]


def test_a_column_that_no_task_has_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="--by levle: a document of 'a' has no column 'levle'"):
        audited(tmp_path, {"a": levelled("10")}, AuditOptions(by="levle"))
    with pytest.raises(UsageError, match="--by level: no task of this run has samples"):
        audited(tmp_path / "more", {"a": levelled("10")}, AuditOptions(by="level"), samples=[])


def test_documents_detect_nothing_where_scores_are_no_shares():
    assert detectable(100, binary=False) is None
    assert detectable(0, binary=True) is None
    assert 0.1 < detectable(100, binary=True) < 0.15


def test_a_group_without_samples_has_the_score_of_its_file(tmp_path):
    tasks = {"a": right_and_wrong("1100"), "b": right_and_wrong("1100")}
    document = document_of(tasks, group_subtasks={"g": ["a", "b"]})
    document["results"]["g"] = {"alias": "g", "acc,none": 0.5, "acc_stderr,none": 0.2}
    document["n-samples"] = {task: {"original": 4, "effective": 4} for task in tasks}
    audit = audited(tmp_path, tasks, document=document, samples=[])
    (group,) = audit.groups
    assert (group.score.score, group.score.n, group.tasks) == (0.5, 8, ("a", "b"))
    assert (group.mean.micro, group.mean.macro) == (0.5, 0.5)
    assert "acc 0.500 on 8 documents" in said(audit)
    assert audit_document(audit)["results"]["g"]["acc,none"] == 0.5


def test_a_group_without_samples_counts_the_tasks_that_have_its_metric(tmp_path):
    tasks = {"a": right_and_wrong("1100"), "b": right_and_wrong("1110"), "texts": [text_line(0, "4", "4", 1.0)]}
    document = document_of(tasks, group_subtasks={"g": list(tasks)})
    document["results"]["g"] = {"alias": "g", "acc,none": 0.625, "acc_stderr,none": 0.2}
    document["n-samples"] = {task: {"original": len(lines), "effective": len(lines)} for task, lines in tasks.items()}
    for task, p in (("a", 0.5), ("b", 0.75)):
        document["results"][task]["acc_stderr,none"] = (p * (1 - p) / 3) ** 0.5
    (whole,) = audited(tmp_path / "all", tasks, document=document).groups
    (by_file,) = audited(tmp_path / "file", tasks, document=document, samples=[]).groups
    assert (by_file.score.n, by_file.tasks) == (whole.score.n, whole.tasks) == (8, ("a", "b"))
    assert by_file.score.interval == pytest.approx(whole.score.interval)
    assert by_file.mean.macro == whole.mean.macro


def damaged_run(tmp_path):
    tasks = {"a": right_and_wrong("1100"), "b": right_and_wrong("1110"), "c": right_and_wrong("1111")}
    document = document_of(tasks, group_subtasks={"g": list(tasks)})
    document["results"]["g"] = {"alias": "g", "acc,none": 0.75, "acc_stderr,none": 0.2}
    document["n-samples"] = {task: {"original": 4, "effective": 4} for task in tasks}
    file = write_run(tmp_path, tasks, document=document)
    (samples,) = tmp_path.glob("samples_a_*")
    samples.write_text(samples.read_text()[:-20])
    return open_runs([file]).runs[0]


def test_a_group_with_samples_that_cannot_be_read_has_the_score_of_its_file(tmp_path):
    """Never that of the tasks that are left: a part is not the whole."""
    run = damaged_run(tmp_path)
    audit = audit_run(run)
    (group,) = audit.groups
    assert (group.score.score, group.score.n, group.lacking) == (0.75, 12, ("a",))
    text = said(audit)
    assert "By its results file alone, as a." in text
    assert "a: by its results file alone, for Line 4 of " in text


def test_a_table_names_the_samples_that_cannot_be_read(tmp_path):
    table = score_table([damaged_run(tmp_path)])
    assert next(row for row in table.rows if row.name == "g").cells[0].score == 0.75
    (note,) = table.notes
    assert note.startswith("Scores of a and its groups of org/small are those of the results file alone: Line 4 of ")


def test_a_run_without_samples_says_so_of_a_group_once(tmp_path):
    tasks = {"a": right_and_wrong("1100"), "b": right_and_wrong("1100")}
    document = document_of(tasks, group_subtasks={"g": ["a", "b"]})
    document["results"]["g"] = {"alias": "g", "acc,none": 0.5}
    text = said(audited(tmp_path, tasks, document=document, samples=[]))
    assert "By its results file alone, as a, b." in text
    assert "has no samples" not in text


def test_a_mean_over_tasks_in_the_file_is_no_mean_over_documents(tmp_path):
    tasks = {"a": right_and_wrong("1100"), "b": right_and_wrong("11")}
    document = document_of(tasks, group_subtasks={"g": list(tasks)})
    document["results"]["g"] = {"alias": "g", "acc,none": 0.75, "acc_stderr,none": 0.2}
    document["n-samples"] = {task: {"original": len(lines), "effective": len(lines)} for task, lines in tasks.items()}
    (group,) = audited(tmp_path, tasks, document=document, samples=[]).groups
    assert (group.score.score, group.score.n, group.mean) == (0.75, 6, None)


def test_a_group_of_which_a_part_is_chosen_has_no_score(tmp_path):
    tasks = {name: right_and_wrong("10" * 10) for name in ("a", "b", "c", "d")}
    nested = {"group_subtasks": {"whole": ["part", "c", "d"], "part": ["a", "b"]}}
    document = document_of(tasks, **nested)
    document["results"] |= {"whole": {"alias": "whole", "acc,none": 0.5}, "part": {"alias": "part"}}
    some = audited(tmp_path, tasks, AuditOptions(tasks=("part",)), document=document)
    assert [group.group for group in some.groups] == ["part"]
    every = audited(tmp_path / "all", tasks, AuditOptions(tasks=("?",)), document=document)
    assert [group.group for group in every.groups] == ["whole", "part"]
