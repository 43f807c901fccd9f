"""MLflow: scores as metrics, settings as parameters, the results file and tables of samples as artifacts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from proctor.errors import UsageError
from proctor.lazy import need
from proctor.reporters.base import check_folder, text_argument
from proctor.reporters.connection import SERVED, check_server
from proctor.reporters.facts import ReportedRun, ReportedTask
from proctor.reporters.steps import given_step
from proctor.results.encode import dumps
from proctor.results.files import file_name

_NOT_IN_NAMES = re.compile(r"[^\w\-. :/]")
"""What a name of a metric may not hold."""
LONGEST_PARAMETER = 500
_DATABASE = "sqlite:///"
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}
"""MLflow's own: 7 retries of 120 seconds."""


class MlflowReporter:
    """A run of MLflow.

    Args:
        arguments: ``tracking_uri`` (else MLFLOW_TRACKING_URI, else MLflow's own default), ``experiment_name`` or
            ``experiment_id``, ``run_name`` or ``run_id`` of a run that goes on, ``description``, ``step``.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments
        self._step = given_step(arguments.get("step"), "--mlflow_args")
        self._client: Any = None
        self._run_id: str | None = None

    def check(self) -> None:
        """Whether arguments go together.

        Raises:
            UsageError: Two of them name the same thing.
            OutputError: The folder of the database cannot be written.
        """
        for one, other in (("experiment_name", "experiment_id"), ("run_name", "run_id")):
            if self._arguments.get(one) is not None and self._arguments.get(other) is not None:
                raise UsageError(f"--mlflow_args: {one} and {other} contradict each other: give one of them.")
        uri = text_argument(self._arguments, "tracking_uri") or os.environ.get("MLFLOW_TRACKING_URI", "")
        if uri.startswith(_DATABASE) and (file := uri.removeprefix(_DATABASE)):
            check_folder(Path(file).parent, "--mlflow_args tracking_uri=")  # MLflow tries for minutes

    def begin(self, run: ReportedRun) -> None:
        """Open the run."""
        with _few_tries():
            mlflow = need("mlflow", extra="trackers")
            uri = text_argument(self._arguments, "tracking_uri") or mlflow.get_tracking_uri()
            check_server(uri)
            self._client = mlflow.MlflowClient(tracking_uri=uri)
            if self._step is None:
                self._step = run.step
            self._run_id = text_argument(self._arguments, "run_id") or self._new_run(run)
            parameters = {key: _parameter(value) for key, value in run.settings["cli_configs"].items()}
            self._batch(params=[mlflow.entities.Param(key, value) for key, value in parameters.items() if value])

    def _new_run(self, run: ReportedRun) -> str:
        name = text_argument(self._arguments, "run_name") or run.name
        tags = {"mlflow.runName": name, "mlflow.source.name": "proctor", "model": run.name}
        if description := text_argument(self._arguments, "description"):
            tags["mlflow.note.content"] = description
        return self._client.create_run(self._experiment(), tags=tags, run_name=name).info.run_id

    def _experiment(self) -> str:
        if number := text_argument(self._arguments, "experiment_id"):
            return number
        name = text_argument(self._arguments, "experiment_name") or os.environ.get("MLFLOW_EXPERIMENT_NAME", "Default")
        found = self._client.get_experiment_by_name(name)
        return self._client.create_experiment(name) if found is None else found.experiment_id

    def _batch(self, **what: Any) -> None:
        self._client.log_batch(self._run_id, **what)

    def task(self, result: ReportedTask) -> None:
        """Send scores, and a table of samples."""
        with _few_tries():
            mlflow = need("mlflow")
            now = mlflow.utils.time.get_current_time_millis()
            self._batch(
                metrics=[
                    mlflow.entities.Metric(metric_name(name), value, now, self._step or 0)
                    for name, value in result.flat.items()
                ]
            )
            if result.table is not None:
                table = result.table
                data = {name: [row[place] for row in table.rows] for place, name in enumerate(table.columns)}
                self._client.log_table(self._run_id, data, f"samples/{file_name(result.name)}.json")

    def end(self, run: ReportedRun) -> str:
        """Send the results file, and close."""
        with _few_tries():
            self._client.log_text(self._run_id, dumps(run.document, indent=2), "results.json")
            self._client.set_terminated(self._run_id, status="FINISHED")
            experiment = self._client.get_run(self._run_id).info.experiment_id
            uri = self._client.tracking_uri
            if urlsplit(uri).scheme in SERVED:
                return f"{uri.rstrip('/')}/#/experiments/{experiment}/runs/{self._run_id}"
            return f"{uri}, run {self._run_id}"

    def abandon(self) -> None:
        """Mark the run as failed."""
        if self._client is not None and self._run_id is not None:
            with _few_tries():
                self._client.set_terminated(self._run_id, status="FAILED")


def metric_name(name: str) -> str:
    """A name that MLflow takes: ``gsm8k/exact_match,strict`` has a comma.

    Args:
        name: ``task/metric``.
    """
    return _NOT_IN_NAMES.sub(".", name)


def _parameter(value: Any) -> str:
    if value is None or value == {} or value == []:
        return ""
    text = value if isinstance(value, str) else dumps(value)
    return text if len(text) <= LONGEST_PARAMETER else f"{text[: LONGEST_PARAMETER - 4]} ..."


@contextmanager
def _few_tries() -> Iterator[None]:
    """Within, a server that fails is tried for seconds and not for minutes, unless the user chose otherwise."""
    names = [name for name in _PATIENCE if name not in os.environ]
    os.environ.update((name, _PATIENCE[name]) for name in names)
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
