"""Several models that were run one after the other, in the table that ``proctor table`` makes of stored runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proctor.analysis.score_table import score_table
from proctor.cli.score_formats import formatted
from proctor.errors import UsageError
from proctor.results.stored_run import StoredRun

WITHOUT_SAMPLES = "Which one is better is for 'proctor table' and 'proctor compare' to say, of runs with --log_samples."


def models_table(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of the first score of each task and group, with half its 95 % interval.

    Args:
        documents: Contents of results files, by what the model is called. Tasks are those of all of them.

    Returns:
        Nothing where no model has a score (runs that only predict).
    """
    runs = [StoredRun(name, name, "", document, {}) for name, document in documents.items()]
    try:
        table = score_table(runs)
    except UsageError:
        return ""
    notes = (*table.notes, WITHOUT_SAMPLES) if len(runs) > 1 else table.notes
    return formatted(replace(table, notes=notes), "md", "tasks")
