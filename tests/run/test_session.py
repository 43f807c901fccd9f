"""A run from configuration to figures, with the model that guesses; what it says on the way."""

from __future__ import annotations

import logging

import pytest
from dummy_runs import change, run

from proctor.errors import TaskError
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config


def test_the_same_run_twice_gives_the_same_figures(exam):
    first, second = (run(exam, "one", "two").tasks for _ in range(2))
    assert [task.name for task in first] == ["one", "two"]
    assert first == second


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
