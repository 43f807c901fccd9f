"""lm-eval's loggers, as scripts call them, with the real packages offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from proctor.compat.scripts.tracker_loggers import TrackioLogger, WandbLogger
from proctor.errors import UsageError

SCRIPT = """
import json, sys
from pathlib import Path
import lm_eval
from lm_eval.loggers import TrackioLogger, WandbLogger
results = lm_eval.simple_evaluate("dummy", "pretrained=out/checkpoint-7", tasks=["demo_letter_folk"], limit=3)
samples = results["samples"]
"""
WANDB = (
    SCRIPT
    + """
import wandb
ATTACH
logger = WandbLogger({"project": "p", "mode": "offline", "dir": sys.argv[1], "step": 5}, {"note": "mine"})
logger.post_init(results)
logger.log_eval_result()
logger.log_eval_samples(samples)
assert logger.run is wandb.run and logger.step == 5
config = dict(logger.run.config)
logger.run.finish()
files = Path(sys.argv[1]).rglob("*demo_letter_folk_eval_results*.table.json")
tables = [json.loads(path.read_text()) for path in files]
task = config["task_configs"]["demo_letter_folk"]
print(json.dumps([config["note"], config["cli_configs"]["model"], task["output_type"], len(tables[0]["data"])]))
"""
)
TRACKIO = (
    SCRIPT
    + """
from trackio.sqlite_storage import SQLiteStorage
logger = TrackioLogger(init_args={"project": "evals", "name": "n"})
logger.post_init(results)
logger.log_eval_result()
logger.log_eval_samples(samples)
logger.finish()
logs = SQLiteStorage.get_logs("evals", "n")
values = {key: value for log in logs for key, value in log.items()}
config = SQLiteStorage.get_run_config("evals", "n")
print(json.dumps([values["demo_letter_folk/acc"], len(values["demo_letter_folk_eval_results"]["_value"]),
    config["cli_configs"]["model"]]))
"""
)


def needs(package):
    there = find_spec(package) is not None
    return pytest.mark.skipif(not there, reason=f"{package} is not installed; 'make trackers' runs these tests with it")


def run(program, folder, code=0, **environment):
    variables = {**os.environ, "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true", **environment}
    variables["TRACKIO_DIR"] = str(folder)
    (folder / "script.py").write_text(program)
    words = [sys.executable, "-m", "proctor.compat", "script.py", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, env=variables, timeout=300, cwd=folder)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) if code == 0 else done.stderr


@needs("wandb")
@pytest.mark.parametrize("attach", ["", "own = wandb.init(project='own', mode='offline', dir=sys.argv[1])"])
def test_wandb(tmp_path, attach):
    assert run(WANDB.replace("ATTACH", attach), tmp_path) == ["mine", "dummy", "multiple_choice", 3]
    [written] = [path.read_bytes() for path in tmp_path.rglob("*.wandb")]
    names = ("demo_letter_folk/acc", "demo_letter_folk/acc_stderr", "demo_letter_folk_eval_results", "evaluation/eval")
    assert [name for name in names if name.encode() not in written] == []


@needs("trackio")
def test_trackio(tmp_path):
    score, rows, model = run(TRACKIO, tmp_path)
    assert 0 <= score <= 1
    assert (rows, model) == (3, "dummy")


def test_a_package_that_is_missing_and_an_argument_that_is_not_there(monkeypatch):
    import importlib.metadata

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    for kind in (WandbLogger, TrackioLogger):
        with pytest.raises(ImportError, match=f"{kind.__name__} needs the package"):
            kind({"project": "x"})
        with pytest.raises(ValueError, match=f"{kind.__name__}: there is no argument 'projct'"):
            kind({"projct": "x"})


def test_results_come_before_scores():
    logger = TrackioLogger.__new__(TrackioLogger)
    with pytest.raises(UsageError, match="there are no results yet"):
        logger.log_eval_result()


class Recorder:
    def __init__(self):
        self.sent = []

    def send_settings(self, run):
        self.sent.append(run.name)

    def task(self, result):
        self.sent.append((result.name, dict(result.scores), result.table and len(result.table.rows)))


def test_scores_then_samples_of_the_tasks_that_have_them(exam):
    from proctor.compat.scripts.evaluator import simple_evaluate

    results = simple_evaluate("dummy", "pretrained=org/m", tasks=["one"], task_manager=exam)
    logger = TrackioLogger.__new__(TrackioLogger)
    logger.reporter = recorder = Recorder()
    logger.post_init(results)
    assert (logger.task_names, logger.group_names) == (["one"], [])
    logger.log_eval_result()
    assert recorder.sent[0] == "org/m"
    assert recorder.sent[1][1]["acc"] == results["results"]["one"]["acc,none"]
    logger.log_eval_samples({})
    logger.log_eval_samples(results["samples"])
    assert recorder.sent[2:] == [("one", {}, len(results["samples"]["one"]))]
