"""``lm_eval.loggers.WandbLogger`` and ``TrackioLogger``: a script's results go where those of ``proctor run`` go.

A script calls ``post_init(results)``, ``log_eval_result()`` and ``log_eval_samples(samples)``; what arrives has
lm-eval's names, and is what ``--wandb_args`` and ``--trackio_args`` send (:mod:`proctor.reporters`).
"""

# What is a script's own
# ----------------------
# The run of the tracker is open from the constructor on and stays open: the script logs into it as well, and closes it
# (``logger.run.finish()``, ``logger.finish()``) or leaves that to the package's own handler at the end of the process.
# So nothing here takes a step from the name of a checkpoint, and a failure is raised: lm-eval raises it, too.

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from proctor.compat.errors import raises_built_in
from proctor.compat.scripts.evaluation_tracker import record_of
from proctor.errors import UsageError
from proctor.lazy import need
from proctor.reporters.facts import ReportedRun
from proctor.reporters.sample_table import sample_table
from proctor.reporters.send import Destination, make_reporter
from proctor.reporters.trackio_reporter import TrackioReporter
from proctor.reporters.wandb_reporter import WandbReporter
from proctor.results.files import write_samples
from proctor.results.schema import experiment_facts
from proctor.results.stored_run import StoredRun
from proctor.run_result import RunResult


class _Logger:
    """What both loggers share: results, and where they go."""

    reporter: Any
    run: Any
    """The tracker's own."""

    def post_init(self, results: Mapping[str, Any]) -> None:
        """Take the results of ``simple_evaluate``.

        Args:
            results: The dictionary; its samples, if it has them, are not looked at.
        """
        self.results: dict[str, Any] = copy.deepcopy({key: value for key, value in results.items() if key != "samples"})
        self.task_names, self.group_names = list(results.get("results") or {}), list(results.get("groups") or {})
        self.task_configs: Mapping[str, Any] = self.results.get("configs") or {}

    def _reported(self) -> ReportedRun:
        if not hasattr(self, "results"):
            raise UsageError(f"{type(self).__name__}: there are no results yet.", hint="Call post_init(results) first.")
        return ReportedRun(StoredRun(_model_name(self.results), "a script's results", "", self.results, {}))

    @raises_built_in
    def log_eval_result(self) -> None:
        """Send scores and settings."""
        run = self._reported()
        self.reporter.send_settings(run)
        for result in run.tasks():
            self.reporter.task(result)

    @raises_built_in
    def log_eval_samples(self, samples: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Send a table of samples for each task of the results.

        Args:
            samples: ``results["samples"]``.
        """
        run = self._reported()
        for result in run.tasks():
            if result.is_group or not samples.get(result.name):
                continue
            with tempfile.TemporaryDirectory(prefix="proctor-samples-") as folder:
                table = sample_table(
                    replace(run.stored, samples_files=_write(result.name, samples, folder)), result.name
                )
                self.reporter.task(replace(result, scores={}, table=table))


class WandbLogger(_Logger):
    """Weights & Biases. A run that is open in this process is taken, else ``wandb.init`` opens one.

    Args:
        init_args: Of ``wandb.init``; ``step`` is that of all values.
        config_args: Added to the configuration of the run.
    """

    @raises_built_in
    def __init__(
        self, init_args: Mapping[str, Any] | None = None, config_args: Mapping[str, Any] | None = None
    ) -> None:
        self.wandb_args, self.wandb_config_args = dict(init_args or {}), dict(config_args or {})
        own = self.wandb_args.get("config")
        config = {**(own if isinstance(own, Mapping) else {}), **self.wandb_config_args}
        arguments = {**self.wandb_args, "config": config}
        self.step = self.wandb_args.pop("step", None)
        self.reporter: WandbReporter = _made("wandb", arguments, "WandbLogger")
        if need("wandb").run is None:  # else its key is there
            self.reporter.check()
        self.run = self.reporter.open(attach=True)

    @raises_built_in
    def log_eval_result(self) -> None:
        """Send scores, settings, the table of scores and the results as an artifact."""
        super().log_eval_result()
        self.reporter.send_results(self._reported())


class TrackioLogger(_Logger):
    """Trackio.

    Args:
        init_args: Of ``trackio.init``; ``step`` is that of all values, and the project lm-eval's unless it is given.
    """

    @raises_built_in
    def __init__(self, init_args: Mapping[str, Any] | None = None) -> None:
        self.trackio_args = dict(init_args or {})
        self.reporter: TrackioReporter = _made("trackio", self.trackio_args, "TrackioLogger")
        self.step = self.trackio_args.pop("step", None)
        self.run = self.reporter.open()

    @raises_built_in
    def finish(self) -> None:
        """Close the run."""
        self.reporter.close()


def _made(name: str, arguments: Mapping[str, Any], title: str) -> Any:
    return make_reporter(Destination(name, dict(arguments)), title)


def _model_name(results: Mapping[str, Any]) -> str:
    """What the results are of: the tracker that writes files may not have named it yet."""
    config = results.get("config") or {}
    name = results.get("model_name") or experiment_facts(config.get("model") or "model", config.get("model_args")).get(
        "model_name"
    )
    return str(name or "model")


def _write(task: str, samples: Mapping[str, Sequence[Mapping[str, Any]]], folder: str) -> Mapping[str, Path]:
    """The samples of a task as a samples file, which is what tables are made of."""
    records = {task: [record_of(task, sample) for sample in samples[task]]}
    run = RunResult(tasks=(), groups=(), records=records, config={}, extra={}, started=0.0, seconds=0.0)
    return write_samples(run, folder)
