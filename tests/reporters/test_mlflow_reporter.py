"""MLflow with a database of its own, and with its own server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from proctor.errors import UsageError
from proctor.reporters.mlflow_reporter import LONGEST_PARAMETER, MlflowReporter, _parameter, metric_name

from .conftest import needs

READ = """
import json
import mlflow
mlflow.set_tracking_uri(PLACE)  # load_table does not take the client's
client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name(NAME)
[run] = client.search_runs([experiment.experiment_id])
steps = [one.step for one in client.get_metric_history(run.info.run_id, "quiz/acc")]
files = [file.path for folder in ("", "samples") for file in client.list_artifacts(run.info.run_id, folder)]
table = client.load_table(experiment.experiment_id, "samples/quiz.json", run_ids=[run.info.run_id])
rows = None if table is None else [int(one) for one in table["doc_id"]]
print(json.dumps([run.data.metrics, run.data.params, run.info.status, run.info.run_name, steps, files, rows]))
"""


def check(found):
    metrics, params, status, name, steps, files, rows = found
    assert metrics["quiz/acc"] == 0.5
    assert metrics["quiz/em.strict"] == 0.75
    assert metrics["all/acc"] == 0.5
    assert "lab/tiny" in params["model_args"]
    assert (status, name, steps, rows) == ("FINISHED", "lab/tiny", [9], [1, 3, 0, 2])
    assert {"results.json", "samples/quiz.json"} <= set(files)


@needs("mlflow")
def test_a_local_database(push, python, results_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = f"sqlite:///{tmp_path}/own.db"
    said = push(results_file, "--to", "mlflow", "--mlflow_args", f"tracking_uri={place},experiment_name=exam,step=9")
    assert f"lab/tiny: {place}, run " in said
    assert not (tmp_path / "mlflow.db").exists()  # the default, which was not asked for
    check(python(f"PLACE, NAME = {place!r}, 'exam'\n{READ}"))


@pytest.fixture
def server(tmp_path):
    """MLflow's own server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += [
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/served.db",
        "--artifacts-destination",
        str(tmp_path / "art"),
    ]
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen([sys.executable, *words], stdout=log, stderr=log, start_new_session=True)
        try:
            address = f"http://127.0.0.1:{port}"
            end = time.monotonic() + 240
            while True:
                try:
                    urllib.request.urlopen(f"{address}/health", timeout=5).close()
                    break
                except OSError:
                    gone = process.poll() is not None or time.monotonic() > end
                    assert not gone, (tmp_path / "log").read_text()
                    time.sleep(0.5)
            yield address
        finally:
            os.killpg(process.pid, 15)
            process.wait(60)


@needs("mlflow")
@pytest.mark.server
def test_a_server(push, python, results_file, server):
    words = ("--mlflow_args", f"tracking_uri={server},experiment_name=exam,step=9")
    said = push(results_file, "--to", "mlflow", *words, MLFLOW_TRACKING_URI=None)
    assert f"{server}/#/experiments/" in said
    check(python(f"PLACE, NAME = {server!r}, 'exam'\n{READ}"))


@needs("mlflow")
def test_a_server_that_is_not_there_is_said_at_once(push, results_file):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    said = push(results_file, "--to", "mlflow", "--mlflow_args", f"tracking_uri={address}", code=1)
    assert f"The results were not sent to MLflow: there is no server at {address}" in said


@needs("mlflow")
def test_a_database_that_cannot_be_made_is_a_sentence(push, results_file):
    place = "sqlite:////proc/none/mlflow.db"
    said = push(results_file, "--to", "mlflow", "--mlflow_args", f"tracking_uri={place}", code=1)
    assert "--mlflow_args tracking_uri=: nothing can be written to /proc/none" in said


def test_arguments_that_contradict_each_other():
    with pytest.raises(UsageError, match="experiment_name and experiment_id contradict each other"):
        MlflowReporter({"experiment_name": "a", "experiment_id": 1}).check()
    with pytest.raises(UsageError, match="run_name and run_id"):
        MlflowReporter({"run_name": "a", "run_id": "b"}).check()
    MlflowReporter({"experiment_name": "a", "run_name": "b"}).check()
    MlflowReporter({}).abandon()


def test_names_and_parameters_that_mlflow_takes():
    assert metric_name("gsm8k/exact_match,strict-match") == "gsm8k/exact_match.strict-match"
    assert _parameter({"a": 1}) == '{"a": 1}'
    assert _parameter(None) == _parameter({}) == ""
    assert len(_parameter("x" * 9000)) == LONGEST_PARAMETER
