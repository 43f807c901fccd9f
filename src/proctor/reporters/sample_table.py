"""The samples of a task as a table for people: the worst first, long texts shortened, at most a thousand."""

# Which samples
# -------------
# Trackers show tables to people, who look for what went wrong, and most trackers slow down beyond some thousand rows.
# So the rows are those with the worst score (by the task's first metric, in its direction), then the others in the
# order of the file. All samples stand in the samples file; the table says how many there are.
#
# Only the rows that are shown are held: ``heapq.nsmallest`` reads the file once and keeps a thousand.

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.plurals import counted
from proctor.results.choice_view import choice_view
from proctor.results.prompts import prompt_of
from proctor.results.stored_run import Sample, StoredRun, number_of

MOST_ROWS = 1000
LONGEST = 2000
"""Characters of one cell. Of a prompt the end is shown: the question stands there."""
_FIXED = ("doc_id", "filter", "question", "options", "target", "answer", "p")


@dataclass(frozen=True, slots=True)
class SampleTable:
    """Some samples of a task.

    Attributes:
        columns: Names.
        rows: Numbers, texts or None, a row a sample and filter; the worst first.
        total: How many the task has.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    total: int

    @property
    def note(self) -> str | None:
        """What the table leaves out; None: nothing."""
        if len(self.rows) == self.total:
            return None
        return f"{len(self.rows):,} of {counted(self.total, 'sample')}, the worst first"


def sample_table(run: StoredRun, task: str) -> SampleTable | None:
    """The table of a task; None where the run has no samples of it.

    Args:
        run: The run.
        task: The task.

    Raises:
        DataError: The samples cannot be read.
    """
    config = run.config(task)
    count = 0
    metrics: dict[str, None] = {}

    def ranked() -> Iterator[tuple[float, int, dict[str, Any]]]:
        nonlocal count
        for number, sample in enumerate(run.samples(task)):
            count += 1
            metrics.update(dict.fromkeys(sample.metrics))
            yield _badness(run, task, sample), number, _row(sample, config)

    worst = heapq.nsmallest(MOST_ROWS, ranked(), key=lambda one: one[:2])
    if not count:
        return None
    names = [name for name in metrics if name not in _FIXED]
    columns = (*_FIXED, *names, "error")
    return SampleTable(columns, [tuple(row.get(name) for name in columns) for _, _, row in worst], count)


def _badness(run: StoredRun, task: str, sample: Sample) -> float:
    """Small is bad. What could not be scored comes first; what has no number for a score stays where it is."""
    if sample.line.get("error"):
        return float("-inf")
    first = next(iter(sample.metrics), None)
    number = None if first is None else number_of(sample.metrics[first])
    if first is None or number is None or number != number:
        return 0.0
    return number if run.higher_is_better(task, first) else -number


def _row(sample: Sample, config: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {name: number_of(value) for name, value in sample.metrics.items()}
    row |= {"doc_id": sample.doc_id, "filter": sample.filter, "question": shortened(prompt_of(sample.line), end=True)}
    row |= {"target": shortened(_text(sample.line.get("target"))), "error": _error(sample.line.get("error"))}
    view = choice_view(sample, config)
    if view is None:
        return row | {"answer": shortened(_text(_first(sample.line.get("filtered_resps"))))}
    picked = view.picked(next(iter(sample.metrics), "acc"))
    row["options"] = shortened("\n".join(f"{number}. {text}" for number, text in enumerate(view.texts)))
    if len(view.golds) == 1:
        row["target"] = shortened(f"{view.golds[0]}. {view.texts[view.golds[0]]}")
    if picked is not None:
        row["answer"] = shortened(f"{picked}. {view.texts[picked]}")
        row["p"] = view.p[picked] if view.p else None
    return row


def _first(value: Any) -> Any:
    while isinstance(value, list) and value:
        value = value[0]
    return value


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _error(value: Any) -> str | None:
    return shortened(str(value)) if value else None


def shortened(text: str, *, end: bool = False) -> str:
    """A text of at most :data:`LONGEST` characters that every tracker takes: UTF-8, without NUL.

    Args:
        text: The text.
        end: Whether its end is shown, instead of its beginning.
    """
    if len(text) > LONGEST:
        text = f"... {text[-LONGEST:]}" if end else f"{text[:LONGEST]} ..."
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
