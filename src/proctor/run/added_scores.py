"""What is added to a task's scores: the same without excluded documents, and errors for documents that cluster."""

# Only of means. A score that is the mean of its documents' values has an exact score without some of them, and an exact
# standard error where documents belong together. A corpus score (F1, BLEU, a perplexity) has neither.
#
# Invariant: the scores that are there stay as they are, value, standard error and interval.

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from proctor.analysis.intervals import clustered_mean
from proctor.metrics.aggregate import aggregate
from proctor.metrics.base import MetricUse
from proctor.metrics.tables import aggregation_row
from proctor.run.document_marks import DocumentMarks
from proctor.run.scores import DocumentValues, Key
from proctor.run_result import ClusteredError, Value
from proctor.stats.intervals import normal_interval

log = logging.getLogger("proctor")

CLEAN = "_clean"
"""What the name of a score without excluded documents ends in."""


def with_added(
    scores: Mapping[Key, Value],
    columns: Mapping[Key, DocumentValues],
    uses: Mapping[str, MetricUse],
    marks: DocumentMarks,
    bootstrap_iters: int,
) -> dict[Key, Value]:
    """A task's scores, and what is added to them.

    Args:
        scores: Its scores.
        columns: The values that they are made of, one for each document.
        uses: Its metrics, by name.
        marks: Which of its documents are excluded, and which belong together.
        bootstrap_iters: 0: no standard errors.
    """
    added: dict[Key, Value] = {}
    for key, score in scores.items():
        column = columns[key]
        is_mean = _is_mean(uses[key[0]])
        added[key] = _with_clusters(score, column.doc_ids, column.values, marks) if is_mean else score
    if marks.excluded is None:
        return added
    for key in scores:
        name = (f"{key[0]}{CLEAN}", key[1])
        if not _is_mean(uses[key[0]]) or name in added:
            continue
        column, excluded = columns[key], marks.excluded
        rows = [row for row, doc_id in enumerate(column.doc_ids) if doc_id not in excluded]
        if not rows:
            log.warning("Task '%s': all its documents are excluded, so there is no %s.", marks.task, name[0])
            continue
        values = [column.values[row] for row in rows]
        score = aggregate(uses[key[0]], values, bootstrap_iters=bootstrap_iters)
        added[name] = _with_clusters(score, [column.doc_ids[row] for row in rows], values, marks)
    return added


def _is_mean(use: MetricUse) -> bool:
    row = aggregation_row(use.aggregation)
    return row is not None and row.plain_mean


def _with_clusters(score: Value, doc_ids: Sequence[int], values: Sequence[float], marks: DocumentMarks) -> Value:
    if marks.clusters is None or score.stderr is None or not all(map(math.isfinite, values)):
        return score
    found = clustered_mean(values, [marks.clusters[doc_id] for doc_id in doc_ids])
    return replace(score, clustered=ClusteredError(found.clusters, found.stderr, found.interval))


def combined_clusters(cells: Sequence[Value], weights: Sequence[int], value: float) -> ClusteredError | None:
    """The clustered error of a group's score, ``sqrt(sum((w_i / W)² SE_i²))``: its tasks are independent.

    Args:
        cells: The scores of its tasks.
        weights: What each task counts.
        value: The group's score.

    Returns:
        None where a task has no clusters.
    """
    known = [cell.clustered for cell in cells if cell.clustered is not None]
    total = sum(weights)
    if len(known) < len(cells) or not total:
        return None
    count = sum(one.clusters for one in known)
    errors = [one.stderr for one in known if one.stderr is not None]
    if len(errors) < len(known):
        return ClusteredError(count, None, None)
    stderr = math.sqrt(math.fsum((weight / total * error) ** 2 for weight, error in zip(weights, errors, strict=True)))
    return ClusteredError(count, stderr, normal_interval(value, stderr))
