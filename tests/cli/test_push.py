"""``proctor push``: what is checked, and what is sent."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
from stored_runs import STAMP

from proctor.cli.main import main


@pytest.fixture
def results(tmp_path):
    file = tmp_path / f"results_{STAMP}.json"
    file.write_text(json.dumps({"results": {"quiz": {"acc,none": 0.5}}, "model_name": "tiny", "configs": {"quiz": {}}}))
    return file


@pytest.fixture
def push(capsys):
    def run(*words, code=0):
        assert main(["push", *map(str, words)]) == code
        shown = capsys.readouterr()
        return shown.out + shown.err

    return run


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "--to"),
        (["--to", "wand"], "--to wand: there is no such place to send results to"),
        (["--to", "wandb", "--wandb_args", "projct=x"], "there is no argument 'projct'"),
        (["--to", "wandb", "--mlflow_args", "step=1"], "--mlflow_args belongs to --to mlflow, and --to is wandb"),
        (["--to", "tensorboard", "--wandb_config_args", "a=1"], "--wandb_config_args belongs to --to wandb"),
        (["--to", "trackio", "--trackio_args", "step=x"], "step is 'x'"),
        (["--to", "hf-eval-results", "--hf_eval_results_args", "repo=x"], "there is no argument 'repo'"),
    ],
)
def test_mistakes(push, results, words, sentence, monkeypatch):
    monkeypatch.setattr("proctor.reporters.send._check_package", lambda kind, flag: None)
    assert sentence in push(results, *words, code=2)


def test_a_run_that_is_not_there(push, tmp_path):
    assert "There is nothing at" in push(tmp_path / "none", "--to", "tensorboard", code=2)


def test_a_run_that_was_killed_has_nothing_to_send(push, tmp_path):
    (tmp_path / "progress.json").write_text('{"state": "running", "pid": 1}')
    (tmp_path / f"samples_quiz_{STAMP}.jsonl.partial").write_text("{}\n")
    said = push(tmp_path, "--to", "tensorboard", code=1)
    assert "There is no results_*.json and no samples_*.jsonl in" in said


class Recorder:
    sent: ClassVar[list] = []

    def __init__(self, arguments):
        self.arguments = arguments

    def check(self):
        pass

    def begin(self, run):
        if self.arguments.get("project") == "wrong":
            raise RuntimeError("no such project")
        self.sent.append(run.name)

    def task(self, result):
        self.sent.append(result.name)

    def end(self, run):
        return f"{self.arguments}"

    def abandon(self):
        pass


@pytest.fixture
def recorder(monkeypatch):
    monkeypatch.setattr("proctor.reporters.send._check_package", lambda kind, flag: None)
    monkeypatch.setattr("proctor.reporters.send.load_attribute", lambda target: Recorder)
    monkeypatch.setattr(Recorder, "sent", [])
    return Recorder


def test_to_several_places_with_their_arguments(push, results, recorder):
    said = push(results, "--to", "wandb,mlflow", "--wandb_args", "project=x", "--wandb_config_args", "lr=1")
    assert "tiny: {'project': 'x', 'config': {'lr': 1}}\n" in said
    assert recorder.sent == ["tiny", "quiz"] * 2
    assert "It has no samples" in said
    assert "It has no samples" not in push(results, "--to", "wandb", "--without_samples")


def test_the_hub_gets_results_and_samples_unless_told_otherwise(push, results, recorder):
    assert "{'push_results_to_hub': True, 'push_samples_to_hub': False}" in push(results, "--to", "hub")
    said = push(results, "--to", "hub", "--hf_hub_log_args", "push_results_to_hub=False,push_samples_to_hub=True")
    assert "{'push_results_to_hub': False, 'push_samples_to_hub': True}" in said


def test_a_failure_is_the_exit_code_and_the_others_are_sent(push, results, recorder):
    said = push(results, "--to", "wandb", "mlflow", "--wandb_args", "project=wrong", code=1)
    assert "proctor: error: The results were not sent to Weights & Biases: RuntimeError: no such project" in said
    assert recorder.sent == ["tiny", "quiz"]
