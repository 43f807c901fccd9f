"""Trackio with a local database."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.reporters.trackio_reporter import TrackioReporter

from .conftest import needs

READ = """
import json
from trackio.sqlite_storage import SQLiteStorage
project = PROJECT
[run] = SQLiteStorage.get_runs(project)
logs = SQLiteStorage.get_logs(project, run)
print(json.dumps([run, logs, SQLiteStorage.get_run_config(project, run)], default=str))
"""


@needs("trackio")
def test_scores_settings_and_samples(push, python, results_file, tmp_path):
    words = ("--trackio_args", "project=evals,name=7,step=12")
    said = push(results_file, "--to", "trackio", *words, TRACKIO_DIR=tmp_path)
    assert "trackio show --project evals" in said
    run, logs, config = python(f"PROJECT = 'evals'\n{READ}", TRACKIO_DIR=tmp_path)
    assert run == "7"
    values = {key: value for log in logs for key, value in log.items()}
    assert (values["quiz/acc"], values["all/acc"], values["step"]) == (0.5, 0.5, 12)
    table = values["quiz_eval_results"]
    assert [row["doc_id"] for row in table["_value"]] == [1, 3, 0, 2]
    assert config["cli_configs"]["model_args"]["pretrained"] == "lab/tiny"


@needs("trackio")
def test_the_project_is_lm_evals_where_none_is_given_and_the_step_the_checkpoints(push, python, make_run, tmp_path):
    file = make_run(tmp_path / "run", name="out/checkpoint-500", samples=False)
    push(file, "--to", "trackio", TRACKIO_DIR=tmp_path / "db")
    _, logs, _ = python(f"PROJECT = 'lm-eval-harness'\n{READ}", TRACKIO_DIR=tmp_path / "db")
    assert {log["step"] for log in logs} == {500}


def test_before_a_run():
    TrackioReporter({"project": "x"}).check()
    TrackioReporter({}).abandon()
    with pytest.raises(UsageError, match="--trackio_args: step is -1"):
        TrackioReporter({"step": -1})
