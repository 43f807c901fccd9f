"""``lm_eval.loggers.EvaluationTracker``: writes and sends a script's results, as ``proctor run`` does."""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from proctor.compat.errors import raises_built_in
from proctor.errors import ProctorError
from proctor.records import Record
from proctor.results.files import stamp_of, write_results, write_samples
from proctor.results.hashes import task_hash
from proctor.results.schema import experiment_facts
from proctor.run.finish import write_for_script
from proctor.run_result import RunResult
from proctor.secrets import note

log = logging.getLogger("proctor")

HUB = (
    *("push_results_to_hub", "push_samples_to_hub", "hub_results_org", "hub_repo_name", "details_repo_name"),
    *("results_repo_name", "public_repo", "token", "leaderboard_url", "point_of_contact", "gated"),
)
"""Arguments that say where and how lm-eval's tracker pushes."""


class GeneralConfigTracker:
    """What a run was about, and how long it took."""

    def __init__(self) -> None:
        self.start_time = time.perf_counter()
        self.started = time.time()
        self.end_time: float | None = None
        self.total_evaluation_time_seconds: str | None = None
        self.facts: dict[str, Any] = experiment_facts("model", None)

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

    def log_experiment_args(self, model_source: str, model_args: str | dict[str, Any], **prompts: Any) -> None:
        """Keep what was run; ``prompts``: see :func:`proctor.results.schema.experiment_facts`."""
        self.facts = experiment_facts(model_source, model_args, **prompts)

    def log_end_time(self) -> None:
        """Stop the clock."""
        self.end_time = time.perf_counter()
        self.total_evaluation_time_seconds = str(self.end_time - self.start_time)


class EvaluationTracker:
    """Writes ``results_*.json`` and ``samples_*.jsonl`` below ``output_path``, and sends them to the hub if asked to.

    Without ``output_path`` nothing is written and nothing is sent, as in lm-eval. What cannot be sent is a warning with
    the command that sends it later: the scores are there.

    Args:
        output_path: A folder, or a path that ends in ``.json``.
        hub: lm-eval's arguments about the hub (``HUB``).

    Raises:
        ProctorError: There is no token for the hub, or requests to it are switched off.
    """

    @raises_built_in
    def __init__(self, output_path: str | None = None, **hub: Any) -> None:
        unknown = sorted(set(hub) - set(HUB))
        if unknown:
            raise TypeError(f"EvaluationTracker takes no {unknown[0]!r}.")
        self._hub = {name: value for name, value in hub.items() if value not in (None, "", False)}
        note(self._hub)
        self.push_results_to_hub, self.push_samples_to_hub = (
            bool(hub.get(name)) for name in ("push_results_to_hub", "push_samples_to_hub")
        )
        self.public_repo, self.gated_repo = bool(hub.get("public_repo")), bool(hub.get("gated"))
        if self._pushes:
            self._check_hub(output_path)
        self.output_path = output_path
        self.general_config_tracker = GeneralConfigTracker()
        self.date_id: str | None = None
        self._results_file: Path | None = None

    @property
    def _pushes(self) -> bool:
        return self.push_results_to_hub or self.push_samples_to_hub

    def _check_hub(self, output_path: str | None) -> None:
        from proctor.reporters.send import Destination, check_destination

        check_destination(Destination("hub", self._hub), "EvaluationTracker")
        if not output_path:
            log.warning("EvaluationTracker: nothing is sent to the hub without output_path, as in lm-eval.")

    def save_results_aggregated(
        self, results: dict[str, Any], samples: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
    ) -> None:
        """Write the results file, and send it; ``results`` gets the keys that only the tracker knows."""
        self.general_config_tracker.log_end_time()
        hashes = {name: task_hash(record_of(name, one) for one in lines) for name, lines in (samples or {}).items()}
        results["task_hashes"] = hashes
        results.update(self.general_config_tracker.facts)
        results["total_evaluation_time_seconds"] = self.general_config_tracker.total_evaluation_time_seconds
        # Kept: samples files get the stamp of the results file that they belong to.
        self.date_id = stamp_of(datetime.now())
        if not self.output_path:
            return
        document = {key: value for key, value in results.items() if key != "samples"}

        def write(path: str) -> None:
            self._results_file = write_results(self._run({}), document, path, stamp=self.date_id)

        write_for_script(write, self.output_path)
        if self.push_results_to_hub:
            self._send("push_results_to_hub")

    def save_results_samples(self, task_name: str, samples: Sequence[Mapping[str, Any]]) -> None:
        """Write the samples file of one task, beside the results of the same moment, and send it."""
        if not self.output_path:
            return
        run = self._run({task_name: [record_of(task_name, one) for one in samples]})
        files: dict[str, Path] = {}
        write_for_script(lambda path: files.update(write_samples(run, path, stamp=self.date_id)), self.output_path)
        if self.push_samples_to_hub:
            self._send("push_samples_to_hub", files)

    def _send(self, what: str, files: Mapping[str, Path] | None = None) -> None:
        """Send the results file, or samples files, with the card of the whole."""
        from proctor.reporters.facts import ReportedRun
        from proctor.reporters.send import Destination, check_destination, send
        from proctor.results.open_runs import open_path

        if self._results_file is None:  # could not be written, which was said
            return
        switches = {**self._hub, "push_results_to_hub": False, "push_samples_to_hub": False, what: True}
        to = Destination("hub", switches)
        try:
            stored = open_path(self._results_file).runs[0]
            run = ReportedRun(stored if files is None else replace(stored, samples_files=files))
            log.info("The results are at %s.", send(to, check_destination(to), run))
        except ProctorError as error:
            pairs = [f"{name}={value}" for name, value in self._hub.items() if name != "token"]
            words = ["proctor", "push", str(self._results_file), "--to", "hub", "--hf_hub_log_args", ",".join(pairs)]
            log.warning("%s\n  Later: %s", error, shlex.join(words))

    def recreate_metadata_card(self) -> None:
        """Nothing to do: each commit brings the card of all that the repository then has."""

    def _run(self, records: Mapping[str, Sequence[Record]]) -> RunResult:
        tracker = self.general_config_tracker
        return RunResult(
            tasks=(),
            groups=(),
            records=records,
            config={"model": tracker.facts["model_source"]},
            extra=tracker.facts,
            started=tracker.started,
            seconds=time.perf_counter() - tracker.start_time,
        )


def record_of(task: str, sample: Mapping[str, Any]) -> Record:
    """A line of lm-eval's ``samples`` as a record."""
    return Record(
        task=task,
        doc_id=sample["doc_id"],
        doc=sample["doc"],
        target=sample["target"],
        arguments=tuple(tuple(one) for one in sample["arguments"]),
        responses=tuple(tuple(one) for one in sample["resps"]),
        filtered=tuple(sample["filtered_resps"]),
        filter=sample["filter"],
        metrics={name: sample[name] for name in sample["metrics"]},
    )
