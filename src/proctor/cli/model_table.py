"""Several models on the same tasks in one table: a row for each task, a column for each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.cli.ls import markdown_table
from proctor.errors import printable
from proctor.results.table import ARROWS, FACTS, STOPPED, UNSCORED, reading_order, stopped_names


def models_table(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of the first score of each task, with its standard error.

    Args:
        documents: Contents of results files, by what the model is called. Tasks are those of all of them.
    """
    rows = dict[str, tuple[str, str]]()
    for document in documents.values():
        for name, depth in reading_order(document, "results"):
            key = first_score(document["results"][name])
            if name not in rows or not rows[name][1]:
                alias = printable(str(document["results"][name].get("alias", name)))
                rows[name] = ((" " * depth + "- " if depth else "") + alias, key)
    columns = list(documents.values())
    shown = [
        (title, *_metric(name, key, columns), *(_cell(one, name, key) for one in columns))
        for name, (title, key) in rows.items()
        if key
    ]
    return markdown_table(("Tasks", "Metric", "", *map(printable, documents)), shown)


def first_score(entry: Mapping[str, Any]) -> str:
    """The key of the score that stands for a task: its first; the empty string where it has none.

    Args:
        entry: The task's part of a results file.
    """
    keys = [key for key in entry if key not in FACTS and "," in key]
    scored = [key for key in keys if "_stderr," not in key and not key.startswith(f"{UNSCORED},")]
    return scored[0] if scored else ""


def _metric(name: str, key: str, documents: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    metric, _, kind = key.partition(",")
    directions = [(one.get("higher_is_better", {}).get(name) or {}).get(metric) for one in documents]
    known = next((one for one in directions if one is not None), None)
    return printable(metric if kind in ("", "none") else key), ARROWS.get(known, "")


def _cell(document: Mapping[str, Any], name: str, key: str) -> str:
    entry = document.get("results", {}).get(name, {})
    value, stderr = entry.get(key), entry.get(key.replace(",", "_stderr,", 1))
    if value is None:
        return ""
    shown = f"{value:.4f}" if isinstance(value, float) else printable(str(value))
    mark = STOPPED if name in stopped_names(document) else ""
    return f"{mark}{shown} ± {stderr:.4f}" if isinstance(stderr, (int, float)) else f"{mark}{shown}"
