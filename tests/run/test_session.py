"""A run from configuration to figures, with the model that guesses; what it says on the way."""

from __future__ import annotations

import logging

import pytest

from proctor.errors import Finding, TaskError, UsageError
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.tasks.plan import PlanErrors


@pytest.fixture
def exam(tmp_path, write_exam):
    """Two tasks of four documents whose examples come from the questions themselves."""
    folder = write_exam(tmp_path, "one", "two", documents=4, more="fewshot_split: test\n")
    for name in ("one", "two"):
        change(folder / f"{name}.yaml", "test_split: test\noutput", "validation_split: test\noutput")
    return folder


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def run(exam, *names, **options):
    config = build_config({"model": "dummy", "tasks": [str(exam / f"{name}.yaml") for name in names], **options})
    return evaluate(config, progress=Quiet, bootstrap_iters=0)


def test_the_same_run_twice_gives_the_same_figures(exam):
    first, second = (run(exam, "one", "two").tasks for _ in range(2))
    assert [task.name for task in first] == ["one", "two"]
    assert first == second


def test_examples_from_the_questions_are_said(exam, caplog):
    with caplog.at_level(logging.WARNING, logger="proctor"):
        run(exam, "one", "two", num_fewshot=1)
    assert "a document can be among its own examples, with its answer, in 2 of 2 tasks (one, two)." in caplog.text
    caplog.clear()
    run(exam, "one")
    assert "examples" not in caplog.text


def test_records_are_kept_where_they_are_asked_for(exam, tmp_path):
    assert run(exam, "one").records == {}
    assert [
        record.doc_id for record in run(exam, "one", log_samples=True, output_path=str(tmp_path)).records["one"]
    ] == [*range(4)]


def test_predictions_alone_are_not_scored_and_nothing_is_amiss(exam, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="proctor"):
        result = run(exam, "one", predict_only=True, output_path=str(tmp_path))
    assert "bypass" not in caplog.text
    assert len(result.records["one"]) == 4
    assert result.tasks[0].values == {}


def test_the_errors_of_all_tasks_come_at_once(exam):
    for name in ("one", "two"):
        change(exam / f"{name}.yaml", "{{question}}", "{{quest}}")
    with pytest.raises(TaskError) as caught:
        run(exam, "one", "two")
    assert [finding.line for finding in caught.value.errors] == [6, 6]


def test_code_that_the_model_writes_needs_a_word(exam):
    with (exam / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("unsafe_code: true\n")
    with pytest.raises(UsageError, match="run code that the model writes: one"):
        run(exam, "one")
    assert run(exam, "one", confirm_run_unsafe_code=True).tasks


def test_images_and_sound_are_refused_before_anything_is_loaded(exam):
    file = exam / "one.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "doc_to_audio: question\n", encoding="utf-8")
    (exam / "test.jsonl").unlink(missing_ok=True)
    with pytest.raises(UsageError, match="no model here takes: one"):
        run(exam, "one", "two")


@pytest.fixture
def shaky(tmp_path, write_exam):
    """Twenty documents in two tasks; the first one's process_results fails on the third and fifth."""
    folder = write_exam(tmp_path / "shaky", "one", "two", documents=20)
    code = (
        "def measure(doc, results):\n    assert doc['question'] not in ('Q2', 'Q4'), 'odd one'\n    return {'m': 1}\n"
    )
    (folder / "own.py").write_text(code, encoding="utf-8")
    with (folder / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("process_results: !function own.measure\nmetric_list: [{metric: m, aggregation: mean}]\n")
    return folder


def test_documents_that_cannot_be_graded_are_told_and_the_run_goes_on(shaky, tmp_path, caplog):
    result = run(shaky, "one", "two", output_path=str(tmp_path / "out"), log_samples=True)
    one, two = result.tasks
    assert (one.values["m", "none"].value, one.sample_len, one.n_effective, one.n_original) == (1.0, 18, 18, 20)
    assert two.sample_len == 20
    [failed] = result.failed
    assert (failed.task, failed.documents, failed.requested) == ("one", 2, 20)
    assert [finding.doc_id for finding in failed.first] == [2, 4]
    assert "AssertionError: odd one" in failed.first[0].why
    assert result.extra["proctor"]["failed"]["one"]["documents"] == 2
    assert [record.doc_id for record in result.records["one"] if record.error] == [2, 4]
    assert "2 of 20 documents could not be scored; its scores are those of the 18 others." in caplog.text


def test_fail_fast_stops_at_the_first(shaky):
    with pytest.raises(TaskError, match="odd one"):
        run(shaky, "one", "two", fail_fast=True)


def test_a_task_of_which_nothing_can_be_graded_has_no_figures(shaky):
    change(shaky / "own.py", "not in ('Q2', 'Q4')", "is None")
    result = run(shaky, "one", "two")
    assert result.tasks[0].values == {}
    assert (result.tasks[0].sample_len, result.failed[0].documents) == (0, 20)
    assert result.tasks[1].values


def test_an_aggregation_that_fails_leaves_the_other_figures(shaky):
    (shaky / "own.py").write_text(
        "def measure(doc, results):\n    return {'m': 1, 'n': 2}\n\ndef total(items):\n    return items['x']\n"
    )
    change(shaky / "one.yaml", "[{metric: m, aggregation: mean}]", "\n  - {metric: m, aggregation: mean}\n")
    with (shaky / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("  - metric: n\n    aggregation: !function own.total\n    higher_is_better: true\n")
    result = run(shaky, "one")
    assert list(result.tasks[0].values) == [("m", "none")]
    [failed] = result.failed
    assert (failed.documents, failed.first[0].doc_id) == (0, None)
    assert "n has no score: " in failed.first[0].why


def test_prompts_that_cannot_be_made_are_all_told_before_anything_is_asked(shaky):
    (shaky / "own.py").write_text(
        "def ask(doc):\n    assert doc['question'] in ('Q0', 'Q1'), 'no prompt'\n    return doc['question']\n"
    )
    change(shaky / "one.yaml", '"{{question}}"', "!function own.ask")
    change(shaky / "two.yaml", '"{{question}}"', "!function own.ask")
    change(
        shaky / "one.yaml",
        "process_results: !function own.measure\nmetric_list: [{metric: m, aggregation: mean}]\n",
        "",
    )

    class Unasked:
        name, identity, info = "unasked", None, {}

        def respond(self, requests):
            raise AssertionError("asked")

    config = build_config({"model": "dummy", "tasks": [str(shaky / "one.yaml"), str(shaky / "two.yaml")]})
    with pytest.raises(TaskError) as caught:
        evaluate(config, progress=Quiet, opened=Unasked())
    errors = [finding.message for finding in caught.value.errors]
    assert [finding.partition(":")[0] for finding in errors] == ["task 'one'", "task 'two'"]
    assert all("no prompt" in finding for finding in errors)
    assert all(finding.endswith("(documents 2, 3, 4 and 15 more)") for finding in errors)


def test_too_few_examples_are_told_of_all_tasks(shaky):
    change(
        shaky / "one.yaml",
        "process_results: !function own.measure\nmetric_list: [{metric: m, aggregation: mean}]\n",
        "",
    )
    tasks = [str(shaky / "one.yaml"), str(shaky / "two.yaml")]
    with pytest.raises(TaskError) as caught:
        evaluate(build_config({"model": "dummy", "tasks": tasks, "num_fewshot": 99}), progress=Quiet)
    assert [finding.message.partition(" are")[0] for finding in caught.value.errors] == [
        "task 'one': 99 few-shot examples",
        "task 'two': 99 few-shot examples",
    ]


def test_different_errors_of_documents_are_told_apart():
    errors = PlanErrors()
    for number in range(9):
        what = "a" if number < 8 else "b"
        errors.note("one", number, TaskError(Finding(f"task 'one': {what} failed.", "one.yaml", 3)))
    for number in range(2):
        errors.note("two", number, TaskError(Finding(f"task 'two': on document {number} it gave {number}.")))
    for number in range(7):
        errors.note("three", number, TaskError(Finding(f"task 'three': {'abcdefg'[number]} failed.")))
    with pytest.raises(TaskError) as caught:
        errors.check()
    said = [finding.message for finding in caught.value.errors]
    assert said[:3] == [
        "task 'one': a failed. (documents 0, 1, 2 and 5 more)",
        "task 'one': b failed. (document 8)",
        "task 'two': on document 0 it gave 0. (also document 1)",
    ]
    assert len(said) == 9
    assert said[-1] == "task 'three': 2 more documents have other errors."
