"""The scores of a run as rows, for trackers that show tables."""

from __future__ import annotations

from collections.abc import Iterator

from proctor.results.stored_run import StoredRun

SCORE_COLUMNS = ("Tasks", "Version", "Filter", "num_fewshot", "Metric", "Value", "Stderr")
"""lm-eval's columns."""


def score_rows(run: StoredRun) -> Iterator[tuple[str, ...]]:
    """A row for each score of each task and group, all of texts.

    Args:
        run: The run.
    """
    versions, shots = run.section("versions"), run.section("n-shot")
    for name, _ in run.tree():
        errors = run.stderrs(name)
        for (metric, kind), value in run.scores(name).items():
            error = errors.get((metric, kind))
            row = (name, versions.get(name), kind, shots.get(name), metric, value)
            yield (*("" if cell is None else str(cell) for cell in row), "" if error is None else f"{error:.4f}")
