"""``lm_eval.loggers.EvaluationTracker``: writes a script's results as the files that ``proctor run`` writes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from proctor.errors import UsageError
from proctor.records import Record
from proctor.results.files import stamp_of, write_results, write_samples
from proctor.results.hashes import task_hash
from proctor.results.schema import experiment_facts
from proctor.run.finish import write_for_script
from proctor.run_result import RunResult

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
    """Writes ``results_*.json`` and ``samples_*.jsonl`` below ``output_path``; without one, nothing.

    Pushing to the Hugging Face Hub is not supported: its arguments are refused.
    """

    def __init__(self, output_path: str | None = None, **hub: Any) -> None:
        unknown = sorted(set(hub) - set(HUB))
        if unknown:
            raise TypeError(f"EvaluationTracker takes no {unknown[0]!r}.")
        if hub.get("push_results_to_hub") or hub.get("push_samples_to_hub"):
            raise UsageError(
                "EvaluationTracker: pushing to the Hugging Face Hub is not supported yet.",
                hint="Leave push_results_to_hub and push_samples_to_hub out; output_path writes the files.",
            )
        self.output_path = output_path
        self.general_config_tracker = GeneralConfigTracker()
        self.date_id: str | None = None

    def save_results_aggregated(
        self, results: dict[str, Any], samples: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
    ) -> None:
        """Write the results file; ``results`` gets the keys that only the tracker knows."""
        self.general_config_tracker.log_end_time()
        hashes = {name: task_hash(_record(name, one) for one in lines) for name, lines in (samples or {}).items()}
        results["task_hashes"] = hashes
        results.update(self.general_config_tracker.facts)
        results["total_evaluation_time_seconds"] = self.general_config_tracker.total_evaluation_time_seconds
        # Kept: samples files get the stamp of the results file that they belong to.
        self.date_id = stamp_of(datetime.now())
        if self.output_path:
            document = {key: value for key, value in results.items() if key != "samples"}
            write_for_script(
                lambda path: write_results(self._run({}), document, path, stamp=self.date_id), self.output_path
            )

    def save_results_samples(self, task_name: str, samples: Sequence[Mapping[str, Any]]) -> None:
        """Write the samples file of one task, beside the results of the same moment."""
        if self.output_path:
            records = [_record(task_name, one) for one in samples]
            run = self._run({task_name: records})
            write_for_script(lambda path: write_samples(run, path, stamp=self.date_id), self.output_path)

    def recreate_metadata_card(self) -> None:
        """Nothing to do: there is no repository on the hub."""

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


def _record(task: str, sample: Mapping[str, Any]) -> Record:
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
