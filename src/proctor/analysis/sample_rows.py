"""Samples of runs as rows of a table: one row for each document, run and filter."""

# The columns of a table are known before its first row, because CSV, Parquet and Excel need them first. So the first
# sample of each task says which scores and which short values of its documents there are; what only later samples have
# is left out. Samples themselves are read one at a time.

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Literal, TypeAlias

from proctor.analysis.flips import question_of
from proctor.errors import UsageError, did_you_mean
from proctor.results.choice_view import ChoiceView, choice_view
from proctor.results.encode import dumps
from proctor.results.exported_runs import SAMPLE
from proctor.results.stored_run import Sample, StoredRun, number_of
from proctor.results.text_state import text_state

ColumnKind: TypeAlias = Literal["text", "integer", "number", "texts", "integers"]

LONGEST_VALUE = 60
"""Letters of a document's value that is a column of its own."""

FIXED: Mapping[str, ColumnKind] = {
    "model": "text",
    "run": "text",
    "task": "text",
    "filter": "text",
    "doc_id": "integer",
    "doc_hash": "text",
    "question": "text",
    "options": "texts",
    "gold": "integers",
    "gold_text": "text",
    "picked": "integer",
    "picked_text": "text",
    "p": "number",
    "p_gold": "number",
    "margin": "number",
    "answer": "text",
    "response": "text",
    "state": "text",
    "error": "text",
}
"""Columns that every table may have. Positions count from 0, probabilities are among the options."""


@dataclass(frozen=True, slots=True)
class SampleTable:
    """Rows to be written.

    Attributes:
        columns: Names and kinds, in their order.
        rows: A mapping by column for each row; a column that a row lacks is None.
        parts: The runs and tasks whose samples they are.
        without_document: How many rows of each task had a sample without its document; counted as rows are read.
    """

    columns: Mapping[str, ColumnKind]
    rows: Iterator[Mapping[str, Any]]
    parts: Sequence[tuple[StoredRun, str]]
    without_document: Counter[str] = field(default_factory=Counter[str])

    @property
    def note(self) -> str | None:
        """What the samples lack, once all rows were read; None: nothing."""
        if not self.without_document:
            return None
        counts = ", ".join(f"{count:,} of {task!r}" for task, count in sorted(self.without_document.items()))
        return (
            f"Samples without their documents: {counts}. Their questions are the ends of prompts, and the columns "
            "doc.* are empty."
        )


def sample_table(
    runs: Sequence[StoredRun], tasks: Sequence[str] = (), columns: Sequence[str] = (), *, lines: bool = False
) -> SampleTable:
    """The samples of runs as a table.

    Args:
        runs: The runs.
        tasks: Names or patterns of tasks and groups; none: all.
        columns: The wanted columns in their order; none: all.
        lines: Whether a table of all columns has the lines of the samples files as well.

    Raises:
        UsageError: There are no samples, no such task, or no such column.
        DataError: A samples file cannot be read, when its row is.
    """
    chosen = [(run, task) for run in runs for task in _tasks(run, tasks) if task in run.samples_files]
    if not chosen:
        known = sorted({task for run in runs for task in run.samples_files})
        hint = f"There are samples of {', '.join(known[:8])}." if known else "A run with --log_samples writes them."
        raise UsageError("The runs have no samples" + (" of what was named." if tasks and known else "."), hint=hint)
    every = _columns(chosen)
    for name in columns:
        if name not in every:
            raise UsageError(
                f"There is no column {name!r}.", hint=did_you_mean(name, every) or f"It has: {', '.join(every)}."
            )
    wanted: dict[str, ColumnKind] = {name: every[name] for name in columns} if columns else every
    if lines and not columns:
        wanted[SAMPLE] = "text"
    without = Counter[str]()
    rows = (_only(row, wanted) for run, task in chosen for row in _rows(run, task, without))
    return SampleTable(wanted, rows, chosen, without)


def _tasks(run: StoredRun, patterns: Sequence[str]) -> list[str]:
    if not patterns:
        return list(run.tasks)
    groups = [name for name in run.groups if any(fnmatchcase(name, pattern) for pattern in patterns)]
    inside = {task for name in groups for task in run.leaves(name)}
    return [task for task in run.tasks if task in inside or any(fnmatchcase(task, pattern) for pattern in patterns)]


def _columns(chosen: Sequence[tuple[StoredRun, str]]) -> dict[str, ColumnKind]:
    scores: dict[str, ColumnKind] = {}
    values: dict[str, ColumnKind] = {}
    for run, task in chosen:
        for sample in islice(run.samples(task), 1):
            scores |= {f"score.{name}": "number" for name in sample.metrics}
            values |= {f"doc.{name}": "text" for name, _ in _values(sample)}
    return {**FIXED, **scores, **values}


def _values(sample: Sample) -> Iterator[tuple[str, str]]:
    """The short values of a document: its subject, level, source and the like."""
    doc = sample.line.get("doc")
    for name, value in doc.items() if isinstance(doc, Mapping) else ():
        if isinstance(value, (str, int, float, bool)) and len(str(value)) <= LONGEST_VALUE:
            yield str(name), str(value)


def _only(row: Mapping[str, Any], columns: Mapping[str, ColumnKind]) -> Mapping[str, Any]:
    found = {name: row.get(name) for name in columns}
    if SAMPLE in columns:
        found[SAMPLE] = dumps(row[SAMPLE])
    return found


def _rows(run: StoredRun, task: str, without_document: Counter[str]) -> Iterator[dict[str, Any]]:
    config = run.config(task)
    for sample in run.samples(task):
        if not sample.line.get("doc"):
            without_document[task] += 1
        row: dict[str, Any] = {
            "model": run.name,
            "run": run.source,
            "task": task,
            "filter": sample.filter,
            "doc_id": sample.doc_id,
            "doc_hash": sample.line.get("doc_hash"),
            "question": question_of(sample),
            "state": text_state(sample),
            "error": None if sample.line.get("error") is None else str(sample.line["error"]),
        }
        view = choice_view(sample, config)
        row |= _written(sample) if view is None else _chosen(view, sample)
        row |= {f"score.{name}": _finite(value) for name, value in sample.metrics.items()}
        row |= {f"doc.{name}": value for name, value in _values(sample)}
        row[SAMPLE] = sample.line
        yield row


def _chosen(view: ChoiceView, sample: Sample) -> dict[str, Any]:
    metric = next((name for name in sample.metrics if name in ("acc", "acc_norm", "acc_bytes")), "acc")
    picked = view.picked(metric)
    golds = [gold for gold in view.golds if gold < len(view.texts)]
    return {
        "options": list(view.texts),
        "gold": list(view.golds),
        "gold_text": "; ".join(view.texts[gold] for gold in golds) or None,
        "picked": picked,
        "picked_text": None if picked is None else view.texts[picked],
        "p": view.p[picked] if view.p and picked is not None else None,
        "p_gold": math.fsum(view.p[gold] for gold in golds) if view.p and golds else None,
        "margin": _finite(view.margin),
    }


def _written(sample: Sample) -> dict[str, Any]:
    """What a model wrote, and what was graded of it."""
    target = sample.line.get("target")
    return {
        "answer": _leaf(sample.line.get("filtered_resps")),
        "response": _leaf(sample.line.get("resps")),
        "gold_text": None if target is None else str(target),
    }


def _leaf(value: Any) -> str | None:
    while isinstance(value, list) and value:
        value = value[0]
    return None if value is None or value == [] else str(value)


def _finite(value: Any) -> float | None:
    number = number_of(value)
    return number if number is not None and math.isfinite(number) else None
