"""Runs that are sent: two tasks and a group by hand, with and without samples."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from stored_runs import STAMP, choice_line

from proctor.reporters.facts import ReportedRun
from proctor.results.open_runs import open_path


def write_run(folder: Path, *, name: str = "lab/tiny", samples: bool = True, n: int = 4, **config) -> Path:
    """A results file with samples: ``quiz`` has ``n`` documents, of which the odd ones are wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"alias": "quiz", "acc,none": 0.5, "acc_stderr,none": 0.25, "em,strict": 0.75, "em_stderr,strict": "N/A"}
    document = {
        "results": {"quiz": entry, "all": {"alias": "all", "acc,none": 0.5, "acc_stderr,none": "N/A"}},
        "groups": {"all": {"alias": "all", "acc,none": 0.5, "acc_stderr,none": "N/A"}},
        "group_subtasks": {"all": ["quiz"]},
        "configs": {"quiz": {"task": "quiz", "dataset_path": "lab/quiz", "output_type": "multiple_choice"}},
        "versions": {"quiz": 1.0},
        "n-shot": {"quiz": 2},
        "higher_is_better": {"quiz": {"acc": True}},
        "config": {"model": "hf", "model_args": {"pretrained": name, **config}, "limit": None},
        "date": 1_700_000_000.0,
        "model_name": name,
    }
    file = folder / f"results_{STAMP}.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    if samples:
        lines = [choice_line(i, [-1.0, -2.0, -3.0, -4.0], i % 2) for i in range(n)]
        (folder / f"samples_quiz_{STAMP}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def results_file(tmp_path_factory) -> Path:
    """The run's results file, with samples beside it."""
    return write_run(tmp_path_factory.mktemp("sent"))


@pytest.fixture(scope="session")
def reported(results_file) -> ReportedRun:
    """The run."""
    return ReportedRun(open_path(results_file).runs[0])


@pytest.fixture(scope="session")
def make_run():
    """Write another run."""
    return write_run


def needs(package: str) -> pytest.MarkDecorator:
    """Skip where a tracker is not installed: they are heavy, and live in an environment of their own."""
    there = find_spec(package) is not None
    return pytest.mark.skipif(not there, reason=f"{package} is not installed; 'make trackers' runs these tests with it")


@pytest.fixture(scope="session")
def push():
    """Run ``proctor push`` as a process of its own: trackers start threads and services, and warn while imported."""

    def run(*words, code=0, **environment):
        variables = {**os.environ, "WANDB_ERROR_REPORTING": "false", "MLFLOW_DISABLE_TELEMETRY": "true", **environment}
        variables = {name: str(value) for name, value in variables.items() if value is not None}
        command = [sys.executable, "-m", "proctor", "push", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False, timeout=300)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def python():
    """Run a program that reads what a tracker wrote, and prints JSON as its last line."""

    def run(program, **environment):
        variables = {**os.environ, **{name: str(value) for name, value in environment.items()}}
        words = [sys.executable, "-W", "ignore", "-c", program]
        done = subprocess.run(words, capture_output=True, text=True, env=variables, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run
