"""A run as reporters send it: scores by lm-eval's names, settings without secrets, samples as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from proctor.analysis.setting_differences import arguments_of
from proctor.reporters.sample_table import SampleTable, sample_table
from proctor.reporters.steps import step_of
from proctor.results.run_date import run_date
from proctor.results.schema import without_secrets
from proctor.results.stored_run import StoredRun, number_of


@dataclass(frozen=True, slots=True)
class ReportedTask:
    """One task or group.

    Attributes:
        name: Its name.
        scores: Finite values by lm-eval's keys; the filter ``none`` is left out: ``acc``, ``acc_stderr``,
            ``exact_match,strict``.
        is_group: Whether its scores are of several tasks.
        table: Its samples; None where there are none.
    """

    name: str
    scores: Mapping[str, float]
    is_group: bool = False
    table: SampleTable | None = None

    @property
    def flat(self) -> Mapping[str, float]:
        """The scores by ``task/metric``, as lm-eval's loggers name them."""
        return {f"{self.name}/{key}": value for key, value in self.scores.items()}


@dataclass(frozen=True)
class ReportedRun:
    """A run that is sent.

    Attributes:
        stored: Its files, or what they would hold.
    """

    stored: StoredRun

    @property
    def name(self) -> str:
        """The model's name."""
        return self.stored.name

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The content of the results file without secrets."""
        return without_secrets(self.stored.document)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What lm-eval's loggers call the configuration."""
        document = self.document
        return {"task_configs": document.get("configs") or {}, "cli_configs": document.get("config") or {}}

    @cached_property
    def step(self) -> int | None:
        """The number of the checkpoint; None where the model's name has none."""
        return step_of(arguments_of(self.stored.section("config").get("model_args")), self.name)

    @property
    def has_samples(self) -> bool:
        """Whether documents can be shown, not scores alone."""
        return bool(self.stored.samples_files)

    @property
    def date(self) -> datetime | None:
        """When the run began; None where its file does not say."""
        return run_date(self.stored)

    def tasks(self, *, samples: bool = True) -> Iterator[ReportedTask]:
        """Groups and tasks in the order of tables; the samples of one task are in memory at a time.

        Args:
            samples: Whether samples are read.

        Raises:
            DataError: A samples file cannot be read.
        """
        groups = self.stored.groups
        for name, _ in self.stored.tree():
            scores = _scores_of(self.stored.section("results", name))
            is_group = name in groups
            table = None if is_group or not samples else sample_table(self.stored, name)
            if scores or table is not None:
                yield ReportedTask(name, scores, is_group, table)


def _scores_of(entry: Mapping[str, Any]) -> Mapping[str, float]:
    found = {
        key.removesuffix(",none"): number_of(value)
        for key, value in entry.items()
        if "," in key and not isinstance(value, bool)
    }
    return {key: value for key, value in found.items() if value is not None and abs(value) < float("inf")}
