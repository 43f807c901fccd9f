"""The stored run that a run is compared with: what it must have."""

from __future__ import annotations

import json
import logging

import pytest
from quiz_files import write_quiz
from scripted_model import ScriptedModel
from stopped_runs import mostly_right, run, scopes

from proctor.errors import ProctorError


@pytest.fixture
def task(tmp_path):
    return write_quiz(tmp_path, documents=150)


@pytest.fixture
def baseline(tmp_path, task):
    folder = tmp_path / "baseline"
    run(task, ScriptedModel(mostly_right(5)), log_samples=True, output_path=str(folder))
    return folder


def refused(task, place, **more):
    model = ScriptedModel(mostly_right(5))
    with pytest.raises(ProctorError) as caught:
        run(task, model, early_stop=f"against={place}", **more)
    assert model.requests == 0
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def samples_of(folder):
    (file,) = folder.rglob("samples_*.jsonl")
    return file, [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def write(file, lines):
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_a_folder_a_file_and_a_number_name_a_run(tmp_path, task):
    folder, store = tmp_path / "baseline", str(tmp_path / "store")
    run(task, ScriptedModel(mostly_right(5)), log_samples=True, output_path=str(folder), store=store)
    (results,) = folder.rglob("results_*.json")
    for place in (folder, results, 1):
        other = ScriptedModel(mostly_right(9), name="other")
        finished = run(task, other, early_stop=f"against={place}", store=store)
        assert scopes(finished)[0]["reason"] == "decided"


def test_a_run_that_is_not_there(tmp_path, task):
    assert "against=nowhere: There is nothing at 'nowhere'." in refused(task, "nowhere")
    store = str(tmp_path / "empty")
    run(task, ScriptedModel(mostly_right(5)), store=store)
    assert "against=99: There is no run 99 in" in refused(task, 99, store=store)


def test_a_run_without_samples(tmp_path, task):
    folder = tmp_path / "plain"
    run(task, ScriptedModel(mostly_right(5)), output_path=str(folder))
    said = refused(task, folder)
    assert "it has no samples of 'quiz'." in said
    assert "Runs with --log_samples write them." in said


def test_a_run_of_other_tasks(tmp_path, baseline):
    other = write_quiz(tmp_path, "other", 20)
    assert "it has no task 'other'." in refused(other, baseline)


def test_a_run_of_other_documents(tmp_path, task, baseline):
    write_quiz(tmp_path, documents=150, questions="Another {}")
    said = refused(task, baseline)
    assert "it was asked other documents of quiz than this run, not one is the same." in said


def test_a_run_of_some_of_the_documents_is_said(tmp_path, task, baseline, caplog):
    file, lines = samples_of(baseline)
    write(file, lines[:100])
    with caplog.at_level(logging.WARNING, logger="proctor"):
        finished = run(task, ScriptedModel(mostly_right(5)), early_stop=f"against={baseline}")
    assert "50 of 150 documents of 'quiz' are not in" in caplog.text
    assert scopes(finished)[0]["comparison"]["documents"] == 100


def test_a_run_without_the_score(tmp_path, task, baseline):
    file, lines = samples_of(baseline)
    write(file, [{**line, "metrics": ["other"], "other": 1.0} for line in lines])
    assert "it has no score acc of the documents of 'quiz' (there: other)." in refused(task, baseline)


def test_a_run_whose_scores_are_no_shares(tmp_path, task, baseline):
    file, lines = samples_of(baseline)
    write(file, [{**line, "acc": 7} for line in lines])
    assert "it has acc = 7 of a document of 'quiz': scores must be 0 to 1." in refused(task, baseline)


def test_a_run_without_hashes_of_documents(tmp_path, task, baseline):
    file, lines = samples_of(baseline)
    write(file, [{key: value for key, value in line.items() if key != "doc_hash"} for line in lines])
    assert "without doc_hash, so documents cannot be paired by it" in refused(task, baseline)


def test_samples_that_cannot_be_read(tmp_path, task, baseline):
    file, _ = samples_of(baseline)
    file.write_text('{"doc_id": "x"}\n', encoding="utf-8")
    assert "it cannot be read: Line 1 of" in refused(task, baseline)


def test_of_several_runs_the_newest_is_taken_and_that_is_said(tmp_path, task, baseline, caplog):
    run(task, ScriptedModel(mostly_right(5)), log_samples=True, output_path=str(baseline))
    with caplog.at_level(logging.WARNING, logger="proctor"):
        run(task, ScriptedModel(mostly_right(9)), early_stop=f"against={baseline}")
    assert "holds 2 runs; --early_stop compares with the newest" in caplog.text


def test_less_is_better_of_what_should_fall(tmp_path):
    more = "metric_list: [{metric: acc, aggregation: mean, higher_is_better: false}]\n"
    task, folder = write_quiz(tmp_path, documents=400, more=more), tmp_path / "base"
    run(task, ScriptedModel(mostly_right(3)), log_samples=True, output_path=str(folder))
    finished = run(task, ScriptedModel(mostly_right(9)), early_stop=f"against={folder}")
    assert "this run is worse than" in scopes(finished)[0]["sentence"]
