"""Scores without excluded documents, and errors by clusters: added, aggregated by groups, never in the way."""

from __future__ import annotations

import json
import logging
import math
from types import SimpleNamespace

import pytest

from proctor.analysis.intervals import clustered_stderr
from proctor.cli.main import main
from proctor.errors import UsageError
from proctor.results.hashes import doc_hash
from proctor.results.schema import results_document
from proctor.results.stored_run import StoredRun
from proctor.run.document_marks import DocumentMarks
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.run_result import ClusteredError
from proctor.settings.config import build_config

GROUP = "group: both\ntask: [one, two]\naggregate_metric_list: [{metric: acc, weight_by_size: true}]\n"


@pytest.fixture
def exam(tmp_path, write_exam):
    """Two tasks of eight documents: questions of two to a passage."""
    folder = write_exam(tmp_path / "exam", "one", "two", documents=8)
    (folder / "both.yaml").write_text(GROUP, encoding="utf-8")
    with (folder / "two.yaml").open("a", encoding="utf-8") as file:
        file.write('description: "Other prompts, hence other responses. "\n')
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [{**row, "passage": f"P{place // 2}"} for place, row in enumerate(rows)]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def rows_of(exam):
    return [json.loads(line) for line in (exam / "test.jsonl").read_text(encoding="utf-8").splitlines()]


def exclude(exam, chosen):
    """A file that excludes documents, by task their numbers."""
    rows, file = rows_of(exam), exam / "bad.jsonl"
    lines = [{"task": task, "doc_hash": doc_hash(rows[place])} for task, places in chosen.items() for place in places]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(file)


def values(result, task, metric="acc"):
    return [record.metrics[metric] for record in result.records[task]]


def evaluated(exam, *names, **settings):
    tasks = [str(exam / f"{name}.yaml") for name in names or ("one", "two")]
    config = build_config({"model": "dummy", "tasks": tasks, "include_path": [str(exam)], **settings})
    return evaluate(config, progress=Quiet, keep_records=True)


def test_scores_without_excluded_documents_stand_beside_the_others(exam):
    plain = evaluated(exam)
    result = evaluated(exam, exclude=exclude(exam, {"one": [0, 3]}))
    left = [value for place, value in enumerate(values(result, "one")) if place not in (0, 3)]
    one, two = result.tasks
    assert one.values["acc_clean", "none"].value == sum(left) / 6
    assert one.values["acc_clean", "none"].n == 6
    assert one.n_effective == 8
    # A task without excluded documents has the score as well, else its groups would leave it out.
    assert two.values["acc_clean", "none"].value == two.values["acc", "none"].value
    assert {key: value for key, value in one.values.items() if key[0] == "acc"} == {
        key: value for key, value in plain.tasks[0].values.items() if key[0] == "acc"
    }
    assert one.higher_is_better["acc_clean"] is True


def test_a_corpus_score_has_none_without_documents(exam):
    task = exam / "one.yaml"
    task.write_text(task.read_text(encoding="utf-8") + "metric_list: [{metric: acc}, {metric: f1}]\n", encoding="utf-8")
    result = evaluated(exam, "one", exclude=exclude(exam, {"one": [0]}))
    assert {metric for metric, _ in result.tasks[0].values} == {"acc", "f1", "acc_clean"}


def test_groups_weigh_what_is_left(exam):
    result = evaluated(exam, "both", exclude=exclude(exam, {"one": [0, 1, 2, 3, 4, 5]}))
    one, two = (task.values["acc_clean", "none"].value for task in result.tasks)
    [group] = result.groups
    assert group.values["acc_clean", "none"].value == pytest.approx((one * 2 + two * 8) / 10)
    assert group.values["acc_clean", "none"].n == 10
    assert group.values["acc", "none"].n == 16
    assert group.sample_count == {("acc", "none"): 16, ("acc_clean", "none"): 10}


def test_what_is_unknown_is_counted(exam, caplog):
    file = exclude(exam, {"one": [0, 7], "three": [1], "two": [2]})
    caplog.set_level(logging.WARNING, "proctor")
    result = evaluated(exam, exclude=file, limit=4)
    assert result.extra["proctor"]["exclude"] == {
        "file": file,
        "unknown": 1,
        "tasks": [{"task": "one", "documents": 1, "unknown": 1}, {"task": "two", "documents": 1, "unknown": 0}],
    }
    assert "1 of 4 documents in" in caplog.text
    assert "are of tasks that are not evaluated (three)" in caplog.text
    assert "1 document in" in caplog.text
    assert "not among this run's" in caplog.text


def test_all_documents_of_a_task_can_be_excluded(exam, caplog):
    result = evaluated(exam, "one", exclude=exclude(exam, {"one": range(8)}))
    assert ("acc_clean", "none") not in result.tasks[0].values
    assert "all its documents are excluded, so there is no acc_clean" in caplog.text


def test_a_wrong_file_is_found_before_the_model_responds(exam):
    (exam / "bad.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"bad.jsonl:1: it names no 'task'"):
        evaluated(exam, exclude=str(exam / "bad.jsonl"))


def test_clusters_give_another_error_and_no_other_score(exam):
    plain = evaluated(exam, "one").tasks[0].values["acc", "none"]
    result = evaluated(exam, "one", cluster="passage")
    value = result.tasks[0].values["acc", "none"]
    stderr, count = clustered_stderr(values(result, "one"), [row["passage"] for row in rows_of(exam)])
    assert value.clustered == ClusteredError(count, stderr, value.clustered.interval)
    assert (value.value, value.stderr, value.interval) == (plain.value, plain.stderr, plain.interval)
    assert plain.clustered is None
    document = results_document(result, {})
    assert document["results"]["one"]["acc_stderr_clustered,none"] == stderr
    assert document["proctor"]["clusters"] == [{"task": "one", "column": "passage", "clusters": 4}]
    assert document["proctor"]["scores"][0]["clusters"] == 4
    # Who reads the file again takes it for no metric.
    assert ("acc_stderr_clustered", "none") not in StoredRun("m", "", "", document, {}).scores("one")


def test_a_task_file_can_say_so(exam):
    task = exam / "one.yaml"
    text = task.read_text(encoding="utf-8")
    task.write_text(text + 'metadata: {version: 1.0, cluster: "{{passage}}"}\n', encoding="utf-8")
    one, two = evaluated(exam).tasks
    assert one.values["acc", "none"].clustered.clusters == 4
    assert two.values["acc", "none"].clustered is None
    assert evaluated(exam, "one", cluster="question").tasks[0].values["acc", "none"].clustered.clusters == 8
    assert evaluated(exam, "one", strict_lm_eval=True).tasks[0].values["acc", "none"].clustered is None


def test_groups_have_clusters_where_all_their_tasks_have_some(exam):
    result = evaluated(exam, "both", cluster="passage")
    errors = [task.values["acc", "none"].clustered.stderr for task in result.tasks]
    found = result.groups[0].values["acc", "none"].clustered
    assert found.clusters == 8
    assert found.stderr == pytest.approx(math.hypot(*errors) / 2)


def test_one_cluster_has_no_error(exam):
    result = evaluated(exam, "one", cluster="{{passage}}", samples={"one": [0, 1]})
    assert results_document(result, {})["results"]["one"]["acc_stderr_clustered,none"] is None


def test_a_column_that_no_task_has_is_a_sentence_before_the_model_responds(exam):
    with pytest.raises(UsageError, match="--cluster pasage: a document of 'one' has no column 'pasage'") as raised:
        evaluated(exam, cluster="pasage")
    assert "passage" in raised.value.hint


def test_tasks_without_the_column_are_named(exam, write_exam, caplog, tmp_path):
    other = write_exam(tmp_path / "other", "three", documents=4)
    (exam / "three.yaml").write_text(
        (other / "three.yaml").read_text("utf-8").replace("test.jsonl", "3.jsonl"), "utf-8"
    )
    (exam / "3.jsonl").write_bytes((other / "test.jsonl").read_bytes())
    result = evaluated(exam, "one", "three", cluster="passage")
    assert "1 of 2 tasks have no errors by clusters, for their documents lack the column (three)" in caplog.text
    assert [task.values["acc", "none"].clustered is None for task in result.tasks] == [False, True]


def test_a_document_that_lacks_the_column_takes_the_clusters_away(exam, caplog):
    rows = [{**row, "note": "as above"} for row in rows_of(exam)]
    rows[5]["note"] = {"id": 1}
    (exam / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    marks = DocumentMarks("one", cluster="note.id")
    for place in (5, 0):
        marks.add(SimpleNamespace(task="one", doc_id=place, doc=rows[place]))
    assert marks.clusters is None
    assert (
        "Task 'one' has no errors by clusters: --cluster note.id: a document of 'one' has no column 'id'" in caplog.text
    )


def test_the_table_says_what_the_scores_are(exam, capsys):
    file = exclude(exam, {"one": [0, 3]})
    words = ["--model", "dummy", "--tasks", "one", "--include_path", str(exam), "--cluster", "passage"]
    assert main(["run", *words, "--exclude", file]) == 0
    out = capsys.readouterr().out
    assert "|acc_clean|" in out.replace(" ", "")
    assert f"Scores that end in _clean are without the 2 excluded documents of {file}." in out
    assert "one, acc: standard error 0." in out
    assert "over 4 clusters of passage; 0." in out
    assert "stderr_clustered" not in out


def test_grading_again_takes_both(exam, capsys):
    words = ["--include_path", str(exam), "--output_path", str(exam / "out"), "--log_samples"]
    assert main(["run", "--model", "dummy", "--tasks", "both", *words]) == 0
    [results] = (exam / "out").rglob("results_*.json")
    file = exclude(exam, {"one": [0, 3]})
    more = ["--include_path", str(exam), "--exclude", file, "--cluster", "passage", "--output_path", str(exam / "more")]
    assert main(["regrade", str(results), *more]) == 0
    [again] = (exam / "more").rglob("results_*.json")
    before, after = (json.loads(one.read_text(encoding="utf-8")) for one in (results, again))
    assert after["results"]["both"]["acc_clean,none"] != after["results"]["both"]["acc,none"]
    for name, entry in before["results"].items():
        assert {key: after["results"][name][key] for key in entry if "," in key} == {
            key: value for key, value in entry.items() if "," in key
        }
