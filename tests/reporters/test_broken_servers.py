"""Servers that fail: each failure is one sentence and an exit code, without a secret, within the time limit."""

from __future__ import annotations

import re

import pytest
from broken_server import broken_server
from hub_stand_in import hub_stand_in
from wandb_stand_in import wandb_stand_in

from .conftest import needs

TOKEN = "hf_abcDEF1234567xyz"
KEY = "abcdef0123" * 4
REASONS = {
    "401": r"401|Invalid user token",
    "403": r"403|no\b",
    "413": r"413|no\b",
    "500": r"500",
    "html": r"not JSON|not in a valid JSON|invalid character|Expecting value",
    "cut": r"complete message body|IncompleteRead|unexpected EOF",
    "hang": r"took longer than",
}


def to_hub(address, tmp_path):
    return ["--to", "hub"], {"HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0", "HF_HOME": tmp_path, "HF_TOKEN": TOKEN}


def to_mlflow(address, _):
    words = ["--to", "mlflow", "--mlflow_args", f"tracking_uri={address.replace('//', f'//joe:{TOKEN}@')}"]
    return words, {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}


def to_wandb(address, tmp_path):
    return ["--to", "wandb", "--wandb_args", "project=p"], {
        "WANDB_BASE_URL": address,
        "WANDB_API_KEY": KEY,
        "WANDB_DIR": tmp_path,
    }


def to_trackio(address, tmp_path):
    words = ["--to", "trackio", "--trackio_args", f"server_url={address}"]
    return words, {"TRACKIO_DIR": tmp_path, "TRACKIO_WRITE_TOKEN": KEY}


def failure(push, results_file, where, address, tmp_path, *, hangs):
    # Short where the limit is what ends it; else the machine may be as slow as it likes.
    seconds = 8 if hangs else 280
    words, environment = where(address, tmp_path)
    limits = {"PROCTOR_SEND_SECONDS": seconds, "no_proxy": "127.0.0.1"}
    said = push(results_file, *words, code=1, **limits, **environment)
    assert TOKEN not in said
    assert KEY not in said
    [line] = [line for line in said.splitlines() if line.startswith("proctor: error: ")]
    assert len(line) < 700
    return line


@pytest.mark.parametrize("mode", ["401", "413", "html", "hang"])
def test_a_hub_that_is_broken(push, results_file, tmp_path, mode):
    with broken_server(mode) as server:
        line = failure(push, results_file, to_hub, server.address, tmp_path, hangs=mode == "hang")
    assert re.match(rf"proctor: error: The results were not sent to the Hugging Face hub: .*({REASONS[mode]})", line)


@pytest.mark.parametrize("mode", ["500", "cut", "hang"])
def test_a_hub_that_breaks_at_the_commit_has_nothing(push, results_file, tmp_path, mode):
    with hub_stand_in() as hub, broken_server(mode, upstream=hub.address, after=6) as server:
        failure(push, results_file, to_hub, server.address, tmp_path, hangs=mode == "hang")
        assert mode == "hang" or server.requests[6][1].endswith("/commit/main")
        assert not any(hub.repositories.values())


@needs("mlflow")
@pytest.mark.parametrize("mode", ["403", "html", "cut", "hang"])
def test_an_mlflow_that_is_broken(push, results_file, tmp_path, mode):
    with broken_server(mode) as server:
        line = failure(push, results_file, to_mlflow, server.address, tmp_path, hangs=mode == "hang")
    assert re.match(rf"proctor: error: The results were not sent to MLflow: .*({REASONS[mode]})", line)


@needs("wandb")
@pytest.mark.parametrize("mode", ["403", "html", "cut", "hang"])
def test_a_wandb_that_is_broken(push, results_file, tmp_path, mode):
    with broken_server(mode) as server:
        line = failure(push, results_file, to_wandb, server.address, tmp_path, hangs=mode == "hang")
    assert line.startswith("proctor: error: The results were not sent to Weights & Biases: ")


@needs("wandb")
@pytest.mark.parametrize("hangs", [False, True])
def test_a_wandb_that_opens_a_run_and_takes_nothing(push, results_file, tmp_path, hangs):
    with wandb_stand_in(hangs=hangs) as address:
        line = failure(push, results_file, to_wandb, address, tmp_path, hangs=hangs)
    assert ("a step took longer than 8 seconds" if hangs else "permission denied") in line


@needs("trackio")
@pytest.mark.parametrize("mode", ["403", "500", "html", "hang"])
def test_a_trackio_that_is_broken_is_no_success(push, results_file, tmp_path, mode):
    with broken_server(mode) as server:
        line = failure(push, results_file, to_trackio, server.address, tmp_path, hangs=mode == "hang")
    assert line.startswith("proctor: error: The results were not sent to Trackio: ")
