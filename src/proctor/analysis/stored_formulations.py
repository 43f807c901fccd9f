"""Scores of other formulations, document by document, out of a samples file."""

# A run with --formulations has a line for each formulation in which a document was put ("variant", "formulation"). Its
# metrics name it: acc_text. The task's own has no further line: it is acc of the task's lines. Which one that is stands
# in the results file.

from __future__ import annotations

from collections.abc import Mapping

from proctor.results.stored_run import Identity, StoredRun, number_of

FORMULATION_METRICS = frozenset(
    {
        "acc_letter",
        "acc_hybrid",
        "acc_text",
        "acc_generate",
        "acc_choices_only",
        "acc_choices_only_letter",
        "acc_choices_only_hybrid",
        "acc_choices_only_text",
    }
)
"""Metrics that lines of other formulations have."""


def formulation_values(run: StoredRun, task: str, metric: str) -> Mapping[tuple[str, Identity], float]:
    """What a metric of a formulation gives for each document, by filter and document.

    Args:
        run: The run.
        task: One of its tasks.
        metric: One of :data:`FORMULATION_METRICS`.

    Returns:
        Nothing of documents that could not be graded so, and of a run without that formulation.

    Raises:
        DataError: The samples file cannot be read.
    """
    own = _own(run, task)
    if own is not None and metric == f"acc_{own}":
        lines = ((sample, "acc") for sample in run.samples(task))
    else:
        lines = ((sample, metric) for sample in run.samples(task, variants=True) if "formulation" in sample.line)
    found: dict[tuple[str, Identity], float] = {}
    for sample, name in lines:
        value = number_of(sample.metrics.get(name))
        if value is not None:
            found[sample.filter, sample.identity] = value
    return found


def _own(run: StoredRun, task: str) -> str | None:
    """Which formulation the task's own is; None: the run had no other."""
    rows = run.section("proctor", "formulations").get("tasks")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("task") == task:
            own = row.get("own")
            return own if isinstance(own, str) else None
    return None
