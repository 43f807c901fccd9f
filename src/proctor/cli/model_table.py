"""Several models that were run one after the other, in the table that ``proctor table`` makes of stored runs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proctor.analysis.score_table import score_table
from proctor.cli.score_formats import formatted
from proctor.errors import UsageError
from proctor.results.stored_run import StoredRun

if TYPE_CHECKING:
    from proctor.settings.config import RunConfig


def models_table(documents: Mapping[str, Mapping[str, Any]], config: RunConfig) -> str:
    """A Markdown table of the first score of each task and group, with half its 95 % interval.

    Args:
        documents: Contents of results files, by what the model is called. Tasks are those of all of them.
        config: Of one of the models: where results are, and whether samples are among them.

    Returns:
        Nothing where no model has a score (runs that only predict).
    """
    runs = [StoredRun(name, name, "", document, {}) for name, document in documents.items()]
    try:
        table = score_table(runs)
    except UsageError:
        return ""
    notes = (*table.notes, _next_command(config)) if len(runs) > 1 else table.notes
    return formatted(replace(table, notes=notes), "md", "tasks")


def _next_command(config: RunConfig) -> str:
    """What says which model is better."""
    if config.output_path is None or not config.log_samples:
        return "Which one is better takes the samples: add --output_path FOLDER --log_samples and run again."
    folder = shlex.quote(str(config.output_path))
    return f"Which one is better, question by question: proctor compare {folder}; as a page: proctor report {folder}"
