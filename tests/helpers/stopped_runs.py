"""Runs of a scripted model that may stop early, with their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from quiz_files import write_quiz
from scripted_model import ScriptedModel

from proctor.run.finish import complete_run
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config

GROUP = "group: both\ntask: [one, two]\naggregate_metric_list: [{metric: acc, weight_by_size: WEIGHT}]\n"


def mostly_right(share: int):
    """Right on ``share`` of ten documents, spread evenly."""
    return lambda number: (number * 7919) % 10 < share


def write_group(folder: Path, sizes: tuple[int, int] = (400, 100), *, weight: str = "true") -> str:
    """A group of two quizzes with other documents each."""
    write_quiz(folder, "one", sizes[0])
    write_quiz(folder, "two", sizes[1], "other {}")
    (folder / "both.yaml").write_text(GROUP.replace("WEIGHT", weight), encoding="utf-8")
    return str(folder / "both.yaml")


def run(task: str, model: ScriptedModel, **options: Any):
    """A run from settings to files; its result has the records."""
    config = build_config({"model": "dummy", "tasks": [task], "no_store": "store" not in options, **options})
    go = {"progress": Quiet, "bootstrap_iters": 100, "opened": model, "keep_records": True}
    return complete_run(config, lambda samples: evaluate(config, samples=samples, **go))


def scopes(finished) -> list[dict[str, Any]]:
    """The section of early stops of a results file."""
    return finished.document["config"]["early_stop"]["scopes"]


def written(folder: Path) -> dict[str, Any]:
    """Results and samples of the one run in a folder, without what no two runs have in common."""
    (results,) = folder.rglob("results_*.json")
    document = json.loads(results.read_text(encoding="utf-8"))
    for key in ("date", "total_evaluation_time_seconds", "git_hash", "pretty_env_info"):
        document.pop(key, None)
    document["proctor"].pop("regraded_from", None)
    samples = {file.name.rsplit("_", 1)[0]: file.read_bytes() for file in sorted(folder.rglob("samples_*.jsonl"))}
    return {"results": document, **samples}
