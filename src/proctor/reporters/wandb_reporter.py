"""Weights & Biases: scores, the results table, a table of samples for each task, the results file as an artifact."""

from __future__ import annotations

import io
import json
import netrc
import os
import re
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from proctor.errors import UsageError
from proctor.lazy import need
from proctor.reporters.base import ReporterError, check_folder, text_argument
from proctor.reporters.connection import check_server
from proctor.reporters.facts import ReportedRun, ReportedTask
from proctor.reporters.score_rows import SCORE_COLUMNS, score_rows
from proctor.reporters.steps import given_step
from proctor.results.encode import dumps

_WITHOUT_KEY = ("offline", "disabled", "dryrun")
_HOST = "https://api.wandb.ai"
_LOST = re.compile(r"will not be synced|Problem finishing|Fatal error")


class WandbReporter:
    """A run of Weights & Biases, with lm-eval's names for everything in it.

    Args:
        arguments: Of ``wandb.init``; ``step`` is that of all values.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = dict(arguments)
        self._step = given_step(self._arguments.pop("step", None), "--wandb_args")
        self._run: Any = None
        self._config: Mapping[str, Any] = {}
        self._written = io.StringIO()

    def check(self) -> None:
        """Whether there is a key, where one is needed: without one wandb would wait for somebody who types it.

        Raises:
            UsageError: There is none.
        """
        # Where nothing can be written, wandb chooses a temporary folder, and says nothing.
        if folder := text_argument(self._arguments, "dir") or os.environ.get("WANDB_DIR"):
            check_folder(Path(folder).expanduser(), "--wandb_args dir=")
        if self._is_offline() or _has_key():
            return
        raise UsageError(
            "--wandb_args: there is no key for Weights & Biases.",
            hint="Run 'wandb login', or set WANDB_API_KEY; mode=offline writes a folder that 'wandb sync' sends later.",
        )

    def _is_offline(self) -> bool:
        mode = text_argument(self._arguments, "mode") or os.environ.get("WANDB_MODE", "")
        return mode in _WITHOUT_KEY

    def begin(self, run: ReportedRun) -> None:
        """Open the run."""
        self.open()
        if self._step is None:
            self._step = run.step
        self.send_settings(run)

    def open(self, *, attach: bool = False) -> Any:
        """The run of W&B.

        Args:
            attach: Whether a run that is open in this process is taken.
        """
        wandb = need("wandb", extra="trackers")
        arguments = {"settings": wandb.Settings(silent=True), **self._arguments}
        # A configuration may also be the path of a file, which wandb reads.
        self._config = config if isinstance(config := arguments.get("config"), Mapping) else {}
        if attach and wandb.run is not None:
            self._run = wandb.run
            return self._run
        if not self._is_offline():
            check_server(os.environ.get("WANDB_BASE_URL") or _HOST)
        with redirect_stderr(self._written):
            self._run = wandb.init(**arguments)
        return self._run

    def send_settings(self, run: ReportedRun) -> None:
        """Add the settings to the configuration of W&B's run."""
        with redirect_stderr(self._written):
            self._run.config.update({**_plain(run.settings), **self._config}, allow_val_change=True)

    def task(self, result: ReportedTask) -> None:
        """Send scores, and a table of samples."""
        values: dict[str, Any] = dict(result.flat)
        if result.table is not None:
            rows = [list(row) for row in result.table.rows]
            # Numbers and texts in one column (a metric that is a label) are allowed, and shown as they are.
            table = need("wandb").Table(columns=list(result.table.columns), data=rows, allow_mixed_types=True)
            # lm-eval: the table's key.
            values[f"{result.name}_eval_results"] = table
        with redirect_stderr(self._written):
            self._run.log(values, step=self._step)

    def end(self, run: ReportedRun) -> str:
        """Send the table of scores and the results file, and close."""
        folder = str(Path(self._run.dir).parent)
        place = f"{folder} ('wandb sync {folder}' sends it)" if self._run.offline else str(self._run.url)
        self.send_results(run)
        with redirect_stderr(self._written):
            self._run.finish()
        # wandb writes that a server refused a part, and raises nothing.
        if lost := [line for line in self._written.getvalue().splitlines() if _LOST.search(line)]:
            raise ReporterError(lost[0].removeprefix("wandb: "))
        return place

    def send_results(self, run: ReportedRun) -> None:
        """Send the table of scores, and the results file as an artifact."""
        wandb = need("wandb")
        rows = [list(row) for row in score_rows(run.stored)]
        artifact = wandb.Artifact("results", type="eval_results")
        with artifact.new_file("results.json", mode="w", encoding="utf-8") as file:
            file.write(dumps(run.document, indent=2))
        with redirect_stderr(self._written):
            table = wandb.Table(columns=list(SCORE_COLUMNS), data=rows)
            self._run.log({"evaluation/eval_results": table}, step=self._step)
            sent = self._run.log_artifact(artifact)
            if not self._run.offline:
                sent.wait()  # raises what wandb's service would only write to its log

    def abandon(self) -> None:
        """Mark the run as failed, and end wandb's service: had that died, its handler for the end would fail loudly."""
        try:
            if self._run is not None:
                with redirect_stderr(self._written):
                    self._run.finish(exit_code=1)
        finally:
            if "wandb" in sys.modules:
                need("wandb").teardown(exit_code=1)


def _has_key() -> bool:
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or _HOST).hostname or ""
    for name in (os.environ.get("NETRC"), "~/.netrc", "~/_netrc"):
        file = Path(os.path.expanduser(name or ""))
        if not name or not file.is_file():
            continue
        try:
            if netrc.netrc(file).authenticators(host):
                return True
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            continue
    return False


def _plain(value: Any) -> Any:
    """Values as JSON has them: a configuration holds whatever a task file had."""
    return json.loads(dumps(value))
