"""A run as reporters send it."""

from __future__ import annotations

import json

from proctor.reporters.facts import ReportedRun
from proctor.results.open_runs import open_path
from proctor.results.stored_run import StoredRun


def test_scores_by_the_names_of_lm_evals_loggers(reported):
    group, quiz = reported.tasks()
    assert (group.name, group.is_group, group.table) == ("all", True, None)
    assert quiz.flat == {"quiz/acc": 0.5, "quiz/acc_stderr": 0.25, "quiz/em,strict": 0.75}
    assert quiz.table is not None
    assert quiz.table.total == 4
    assert [task.table for task in reported.tasks(samples=False)] == [None, None]


def test_settings_are_without_secrets(make_run, tmp_path):
    # lm-eval writes them into its files.
    run = ReportedRun(open_path(make_run(tmp_path, token="hf_abcDEF1234567xyz")).runs[0])
    assert run.stored.section("config", "model_args")["token"] == "hf_abcDEF1234567xyz"
    assert run.settings["cli_configs"]["model_args"]["token"] == "***"
    assert "hf_abcDEF" not in json.dumps(run.document)
    assert run.settings["task_configs"]["quiz"]["dataset_path"] == "lab/quiz"


def test_step_and_date(reported, make_run, tmp_path):
    assert reported.step is None
    assert f"{reported.date:%Y-%m-%d}" == "2023-11-14"
    assert ReportedRun(open_path(make_run(tmp_path, name="out/checkpoint-7")).runs[0]).step == 7


def test_files_with_little_in_them():
    run = ReportedRun(StoredRun("x", "here", "", {"results": {"a": {"acc,none": float("nan"), "note": "b"}}}, {}))
    assert list(run.tasks()) == []
    assert (run.date, run.step, run.has_samples) == (None, None, False)
    assert run.settings == {"task_configs": {}, "cli_configs": {}}
    assert ReportedRun(StoredRun("x", "here", "", {"date": 1e300}, {})).date is None
