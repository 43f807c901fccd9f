"""Reporters of a run: checked before it, and never its end."""

from __future__ import annotations

import json
import logging

import pytest

from proctor.cli.main import main
from proctor.cli.run_reporters import ReadyReporter, prepare_reporters, push_command, send_results
from proctor.errors import MissingExtraError, UsageError
from proctor.reporters.send import Destination
from proctor.run.finish import FinishedRun
from proctor.run_result import RunResult
from proctor.settings.config import build_config


@pytest.fixture
def run(exam, tmp_path, monkeypatch, capsys):
    """Run the command on a quiz; what it printed."""
    monkeypatch.setenv("PROCTOR_STORE", str(tmp_path / "store.sqlite"))

    def execute(*words, code=0):
        assert main(["run", "--model", "dummy", "--tasks", str(exam), *map(str, words)]) == code
        shown = capsys.readouterr()
        return shown.out + shown.err

    return execute


@pytest.fixture
def exam(tmp_path):
    folder = tmp_path / "exam"
    folder.mkdir()
    rows = [{"question": f"Q{i}?", "choices": ["a", "b"], "answer": 0} for i in range(3)]
    (folder / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "quiz.yaml").write_text(
        "task: quiz\ndataset_path: json\ndataset_kwargs: {data_files: {test: test.jsonl}}\ntest_split: test\n"
        "output_type: multiple_choice\ndoc_to_text: '{{question}}'\ndoc_to_choice: choices\ndoc_to_target: answer\n"
    )
    return folder / "quiz.yaml"


class Broken:
    def __init__(self, error):
        self.error = error

    def begin(self, run):
        raise self.error

    def abandon(self):
        pass


def test_without_a_reporter_nothing_is_prepared():
    assert prepare_reporters(build_config({"tasks": ["a"]})) == ()


def test_samples_for_the_hub_need_samples():
    given = {"tasks": ["a"], "hf_hub_log_args": "push_samples_to_hub=True"}
    with pytest.raises(UsageError, match="push_samples_to_hub needs samples: add --log_samples"):
        prepare_reporters(build_config(given))


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--wandb_args", "projct=x"], 2, "--wandb_args: there is no argument 'projct'"),
        (["--hf_hub_log_args", "push_results_to_hub=True"], 2, "HF_HUB_OFFLINE is set"),
        (["--hf_hub_log_args", "hub_results_org=x"], 2, "nothing is to be sent"),
        (["--wandb_config_args", "a=1"], 2, "--wandb_config_args belongs to --wandb_args"),
        (["--tensorboard_dir", "/proc/none"], 1, "--tensorboard_dir"),
    ],
)
def test_what_cannot_work_stops_before_the_run(run, monkeypatch, words, code, sentence):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert sentence in (said := run(*words, code=code))
    assert "|quiz " not in said


def test_a_package_that_is_missing_stops_before_the_run(run, monkeypatch):
    import importlib.metadata

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    said = run("--mlflow_args", "experiment_name=x", code=1)
    assert "--mlflow_args needs the package 'mlflow', which is not installed" in said
    assert "|quiz " not in said


@pytest.fixture
def broken(monkeypatch):
    """Every reporter fails when it sends."""
    error = RuntimeError("no project 'x' for hf_abcDEF1234567xyz")
    monkeypatch.setattr("proctor.reporters.send.check_destination", lambda to: Broken(error))


def test_a_failure_is_a_warning_with_the_command_that_sends_later(run, broken, tmp_path):
    said = run("--wandb_args", "project=x,name=a b", "--output_path", tmp_path / "out")
    assert "The results were not sent to Weights & Biases: RuntimeError: no project 'x' for ***" in said
    [file] = (tmp_path / "out").rglob("results_*.json")
    assert f"Later: proctor push {file} --to wandb --wandb_args" in said
    assert "|quiz " in said


def test_without_files_the_same_command_writes_them(run, broken):
    said = run("--tensorboard_dir", "tb")
    assert "Later: the same command with --output_path FOLDER, then 'proctor push FOLDER'" in said


def test_strict_reporters(run, broken):
    assert "|quiz " in run("--wandb_args", "project=x", "--strict_reporters", code=1)


def test_scores_arrive_in_tensorboards_folder(run, tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed; `make test` has it")
    said = run("--tensorboard_dir", tmp_path / "tb", "--strict_reporters")
    assert f"The results are at {tmp_path}/tb/dummy, without samples" in said
    assert len(list((tmp_path / "tb").rglob("events*"))) == 1
    assert "without samples" not in run("--tensorboard_dir", tmp_path / "tb", "--output_path", tmp_path / "o", "-s")


def test_the_later_command_has_no_secret():
    hub = "token=hf_abcDEF1234567,hub_results_org=lab"
    config = build_config({"tasks": ["a"], "no_store": True, "wandb_args": "project=x", "hf_hub_log_args": hub})
    result = RunResult((), (), {}, {}, {}, 0.0, 0.0, results_file="/r/results_x.json")
    finished = FinishedRun(config, result, {})
    assert push_command(Destination("hub", {}), finished) == (
        "proctor push /r/results_x.json --to hub --hf_hub_log_args hub_results_org=lab"
    )


def test_an_address_stays_in_the_later_command_without_its_password():
    given = "tracking_uri=http://joe:sesame77secret@host:5000,experiment_name=e"
    config = build_config({"tasks": ["a"], "no_store": True, "mlflow_args": given})
    result = RunResult((), (), {}, {}, {}, 0.0, 0.0, results_file="/r/results_x.json")
    command = push_command(Destination("mlflow", {}), FinishedRun(config, result, {}))
    assert "tracking_uri=http://***@host:5000,experiment_name=e" in command


def test_without_files_the_stored_responses_are_enough(monkeypatch):
    monkeypatch.setattr("proctor.run.run_store.regradable_run", lambda config, started: 7)
    config = build_config({"tasks": ["a"], "tensorboard_dir": "tb"})
    finished = FinishedRun(config, RunResult((), (), {}, {}, {}, 0.0, 0.0), {})
    assert push_command(Destination("tensorboard", {}), finished) == (
        "proctor regrade 7 --output_path FOLDER && proctor push FOLDER --to tensorboard --tensorboard_dir tb"
    )


def test_all_are_tried_though_one_fails(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("proctor"), "propagate", True)
    result = RunResult((), (), {}, {}, {}, 0.0, 0.0)
    finished = FinishedRun(build_config({"tasks": ["a"], "no_store": True}), result, {"model_name": "m"})
    error = MissingExtraError("no pandas", hint="Install it.")
    broken = [ReadyReporter(Destination(name, {}), Broken(error)) for name in ("wandb", "mlflow")]
    assert send_results(broken, finished) is False
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "no pandas\n  Install it.\n  Later: " in caplog.text
