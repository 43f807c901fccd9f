"""Weights & Biases without a network: its own files, read back by its own reader."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.reporters.wandb_reporter import WandbReporter

from .conftest import needs

READ = """
import glob, json
from wandb.proto import wandb_internal_pb2 as records

def scan(data):
    # The log format of LevelDB, after a head of 7 bytes: blocks of 32 KiB, in them pieces of records.
    place, parts = 7, []
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        parts.append(data[place + 7 : place + 7 + length])
        place += 7 + length
        if kind in (1, 4):
            yield b"".join(parts)
            parts = []

history, config, run, artifacts = {}, {}, {}, []
for data in scan(open(glob.glob(PLACE + "/wandb/offline-run-*/*.wandb")[0], "rb").read()):
    record = records.Record(); record.ParseFromString(data)
    kind = record.WhichOneof("record_type")
    if kind == "history":
        items = record.history.item
        history.update({item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items})
    if kind == "run":
        run = {"project": record.run.project, "name": record.run.display_name, "job_type": record.run.job_type}
    if kind in ("run", "config"):
        update = record.run.config.update if kind == "run" else record.config.update
        config.update({item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in update})
    if kind == "request" and record.request.WhichOneof("request_type") == "log_artifact":
        artifacts.append(record.request.log_artifact.artifact.type)
    if kind == "artifact":
        artifacts.append(record.artifact.type)
files = glob.glob(PLACE + "/wandb/offline-run-*/files/media/table/*_eval_results*.json")
tables = [json.load(open(file)) for file in files]
print(json.dumps([history, config, run, artifacts, tables]))
"""


@needs("wandb")
def test_offline_with_lm_evals_arguments(push, python, results_file, tmp_path):
    words = ("--wandb_args", "project=mmlu-runs,job_type=eval,name=first,mode=offline,step=40")
    more = ("--wandb_config_args", "lr=0.1")
    said = push(results_file, "--to", "wandb", *words, *more, WANDB_DIR=tmp_path, WANDB_API_KEY=None)
    assert "wandb sync" in said
    history, config, run, artifacts, tables = python(f"PLACE = {str(tmp_path)!r}\n{READ}")
    assert run == {"project": "mmlu-runs", "name": "first", "job_type": "eval"}
    assert history["quiz/acc"] == 0.5
    assert history["quiz/em,strict"] == 0.75
    assert history["_step"] == 40
    assert config["cli_configs"]["model_args"]["pretrained"] == "lab/tiny"
    assert config["task_configs"]["quiz"]["dataset_path"] == "lab/quiz"
    assert config["lr"] == 0.1
    assert "eval_results" in artifacts
    [samples] = [table for table in tables if "doc_id" in table["columns"]]
    assert [row[0] for row in samples["data"]] == [1, 3, 0, 2]


@needs("wandb")
def test_a_project_that_is_not_allowed_is_a_sentence(push, results_file, tmp_path):
    said = push(results_file, "--to", "wandb", "--wandb_args", "project=a/b:c,mode=offline", code=1, WANDB_DIR=tmp_path)
    assert "The results were not sent to Weights & Biases" in said
    assert "project" in said


def test_without_a_key_it_is_said_before_the_run(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="there is no key for Weights & Biases"):
        WandbReporter({"project": "x"}).check()
    WandbReporter({"mode": "offline"}).check()
    (tmp_path / ".netrc").write_text("machine api.wandb.ai login user password abcdefgh\n")
    WandbReporter({}).check()
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.org")
    with pytest.raises(UsageError, match="no key"):
        WandbReporter({}).check()
    (tmp_path / ".netrc").write_bytes(b"\xff\xfe not a netrc")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    WandbReporter({}).check()
    monkeypatch.setenv("WANDB_MODE", "online")
    with pytest.raises(UsageError, match="no key"):
        WandbReporter({}).check()
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    WandbReporter({}).check()


def test_a_step_that_is_none():
    with pytest.raises(UsageError, match="--wandb_args: step is 'late'"):
        WandbReporter({"step": "late"})
    WandbReporter({}).abandon()
