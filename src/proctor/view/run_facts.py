"""What the list says of a run, from its results file alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proctor.analysis.file_intervals import group_interval_of_file, is_share
from proctor.analysis.task_scores import document_count
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Interval, normal_interval, wilson_interval


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A row of the list.

    Attributes:
        exams: Names of the groups and tasks that stand on top.
        exam: The one whose score is shown; None: the run has none.
        metric: The score's name; None: the run has none.
        score: The first score of the first exam.
        interval: At 95 %; None where the file does not say how sure it is.
        documents: How many documents its tasks have; None: the file does not say.
        has_samples: Whether its documents can be looked at.
    """

    exams: tuple[str, ...]
    exam: str | None = None
    metric: str | None = None
    score: float | None = None
    interval: Interval | None = None
    documents: int | None = None
    has_samples: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "exams": list(self.exams),
            "exam": self.exam,
            "metric": self.metric,
            "score": self.score,
            "interval": None if self.interval is None else list(self.interval),
            "documents": self.documents,
            "has_samples": self.has_samples,
        }


def run_facts(run: StoredRun) -> RunFacts:
    """What the list says of a run.

    Args:
        run: The run.
    """
    inside = {member for members in run.groups.values() for member in members}
    exams = [name for name in (*run.groups, *run.tasks) if name not in inside]
    sizes = [document_count(run, task) for task in run.tasks]
    known = [size for size in sizes if size is not None]
    shown = tuple(run.alias(name) for name in exams)
    facts = RunFacts(shown, documents=sum(known) if known else None, has_samples=bool(run.samples_files))
    for name in exams:
        scores = run.scores(name)
        if scores:
            (metric, kind), score = next(iter(scores.items()))
            interval = _interval(run, name, (metric, kind), score)
            title = metric if kind in ("", "none") else f"{metric},{kind}"
            return RunFacts(shown, run.alias(name), title, score, interval, facts.documents, facts.has_samples)
    return facts


def _interval(run: StoredRun, name: str, metric: tuple[str, str], score: float) -> Interval | None:
    """As a report of the run has it, as far as the file says it."""
    stopped = run.sequence_interval(name, metric)
    if stopped is not None:
        return stopped
    if name in run.groups and (found := group_interval_of_file(run, name, metric)) is not None:
        return found
    stderr, n = run.stderrs(name).get(metric), None if name in run.groups else document_count(run, name)
    # A mean of zeros and ones: s/sqrt(n) is 0 where all are right.
    if n is not None and is_share(score, n):
        return wilson_interval(round(score * n), n)
    return None if not stderr else normal_interval(score, stderr)
