"""The card of a data set of results: what is in it, by model and task, and the scores of the newest run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from proctor.reporters.facts import ReportedRun
from proctor.results.table import make_table

_RESULTS = re.compile(r"(?P<model>.+)/results_(?P<stamp>.+)\.json")
_SAMPLES = re.compile(
    r"(?P<model>.+)/samples_(?P<task>.+)_(?P<stamp>\d{4}-\d\d-\d\dT[^_]+)\.(?:jsonl(?:\.gz)?|parquet)"
)


def card(run: ReportedRun, files: Iterable[str], more: Mapping[str, str]) -> str:
    """README.md of the repository.

    Args:
        run: The run that is sent.
        files: Paths of all files that the repository will have.
        more: ``leaderboard_url`` and ``point_of_contact``, where they are given.
    """
    head = {"pretty_name": f"Evaluation of {run.name}", "tags": ["evaluation"], "configs": configurations(files)}
    when = "" if run.date is None else f", {run.date:%Y-%m-%d %H:%M} UTC"
    names = {"leaderboard_url": "Leaderboard", "point_of_contact": "Contact"}
    lines = [
        *("---", yaml.safe_dump(head, sort_keys=False, allow_unicode=True).rstrip(), "---", ""),
        *(f"# Evaluation of {run.name}", ""),
        "Results and samples of evaluation runs, a configuration for each model and task; the split `latest` is the "
        "newest run, the others are named after their time.",
        *("", f"## Scores of the newest run{when}", "", make_table(run.document).rstrip()),
        *(f"\n{names[key]}: {value}" for key, value in more.items()),
    ]
    return "\n".join(lines) + "\n"


def configurations(files: Iterable[str]) -> Sequence[Mapping[str, Any]]:
    """What ``load_dataset`` finds: a configuration for each model and task, with a split for each time and ``latest``.

    Args:
        files: Paths in the repository.
    """
    by_name: dict[str, dict[str, str]] = {}
    for path in sorted(set(files)):
        match = _SAMPLES.fullmatch(path) or _RESULTS.fullmatch(path)
        if match is None:
            continue
        task = match.groupdict().get("task", "results")
        # lm-eval: what a name may not hold becomes an underscore.
        name = "__".join(re.sub(r"[^\w.-]", "_", part) for part in (match["model"], task))
        by_name.setdefault(name, {})[re.sub(r"[^\w.]", "_", match["stamp"])] = path
    return [
        {
            "config_name": name,
            "data_files": [
                *({"split": stamp, "path": [path]} for stamp, path in sorted(splits.items())),
                {"split": "latest", "path": [splits[max(splits)]]},
            ],
        }
        for name, splits in sorted(by_name.items())
    ]
