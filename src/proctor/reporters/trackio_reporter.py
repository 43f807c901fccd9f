"""Trackio: scores, settings, and a table of samples for each task; in a local database, or in a Space of the hub."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

from proctor.lazy import need
from proctor.reporters.base import ReporterError, text_argument
from proctor.reporters.connection import check_server
from proctor.reporters.facts import ReportedRun, ReportedTask
from proctor.reporters.steps import given_step
from proctor.results.encode import dumps

_PROJECT = "lm-eval-harness"
"""lm-eval: its project where none is given."""
_HARMLESS = "automatic "
"""Warnings about the sampling of GPU and CPU, which no result needs, say "automatic GPU logging"."""


class TrackioReporter:
    """A run of Trackio.

    Args:
        arguments: Of ``trackio.init``; ``step`` is that of all values.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = {"project": _PROJECT, **arguments}
        self._step = given_step(self._arguments.pop("step", None), "--trackio_args")
        self._run: Any = None
        self._config: Mapping[str, Any] = {}

    def check(self) -> None:
        """Nothing is certain before a run: a local database needs neither key nor network."""

    def begin(self, run: ReportedRun) -> None:
        """Open the run."""
        self.open()
        if self._step is None:
            self._step = run.step
        self.send_settings(run)

    def open(self) -> Any:
        """The run of Trackio."""
        with _attentive():
            trackio = need("trackio", extra="trackers")
            arguments = dict(self._arguments)
            for name in ("project", "name"):  # lm-eval reads name=7 as a number; Trackio wants a text
                if name in arguments:
                    arguments[name] = text_argument(arguments, name)
            arguments.setdefault("name", None)
            self._config = arguments["config"] = arguments.get("config") or {}
            check_server(text_argument(arguments, "server_url") or os.environ.get("TRACKIO_SERVER_URL", ""))
            self._run = trackio.init(**arguments)
            return self._run

    def send_settings(self, run: ReportedRun) -> None:
        """Add the settings to the configuration of Trackio's run, which its first values bring along."""
        config = {**run.settings, "model": run.name, **self._config}
        self._run.config.update(json.loads(dumps(config)))

    def task(self, result: ReportedTask) -> None:
        """Send scores, and a table of samples."""
        values: dict[str, Any] = dict(result.flat)
        if result.table is not None:
            rows = [list(row) for row in result.table.rows]
            table = need("trackio").Table(columns=list(result.table.columns), data=rows, allow_mixed_types=True)
            values[f"{result.name}_eval_results"] = table
        with _attentive():
            need("trackio").log(values, step=self._step)

    def end(self, run: ReportedRun) -> str:
        """Close."""
        self.close()
        space, project = text_argument(self._arguments, "space_id"), self._arguments["project"]
        return f"the Space {space}" if space else f"Trackio's project {project!r} ('trackio show --project {project}')"

    def close(self) -> None:
        """Wait for what is still to be sent."""
        with _attentive():
            need("trackio").finish()

    def abandon(self) -> None:
        """Close."""
        if self._run is not None:
            self.close()


@contextmanager
def _attentive() -> Iterator[None]:
    """Within, what Trackio prints goes nowhere: stdout is the table of the run. What it warns of is a failure.

    Trackio raises nothing: it warns that a server, or its own database, took nothing, and goes on.
    """
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always", UserWarning)
        yield
    texts = [" ".join(str(one.message).split()) for one in caught if one.category is UserWarning]
    lost = [text for text in texts if _HARMLESS not in text.lower()]
    if lost:
        raise ReporterError(lost[0].removeprefix("* "))
