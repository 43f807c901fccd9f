"""What a run is doing, as others read it: phase, counts, tasks with their scores so far, warnings."""

# Who writes, who reads
# ---------------------
# The run writes, by plain assignments and additions, in the thread that asks and grades. Another thread reads whole
# values every two seconds (`proctor.run.status_file`). There is no lock: a reader may see a count that is one response
# old, which nobody notices, and the run pays an addition for a response and one for a record.
#
# Displays are watched by wrapping them: whoever opens "Answering" through `RunStatus.watch` begins a phase. So no step
# of a run knows that it is watched.
#
# A score so far is the mean of a task's first metric over the documents that are graded: those of earlier chunks, and
# those of the chunk that is asked as far as their order allows it (`proctor.run.arrivals`). The line of a whole run has
# it in a run of one task only: of several, some are done first, and these are easier or harder than the others.

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from proctor.records import Record
from proctor.run.progress import OpenProgress, Progress, Quiet
from proctor.run.progress import duration as spoken
from proctor.run.running_score import RunningScore, run_line

if TYPE_CHECKING:
    from proctor.run.arrivals import Arrivals
    from proctor.run.ask import Seen
    from proctor.tasks.plan import TaskPlan

MOST_WARNINGS = 20
_AFTER = {"Loading tasks": "Opening the model", "Answering": "Grading"}
"""What a run does once a display has closed; else what it does next opens one."""


@runtime_checkable
class TaskWatch(Protocol):
    """Something that follows a run task by task."""

    def expect(self, totals: Mapping[str, int], documents: int = 0) -> None:
        """Take how many requests each task has.

        Args:
            totals: By task, as lm-eval counts requests.
            documents: How many documents they are of.
        """
        ...

    def follow(self, done: Mapping[str, int], chunk: Sequence[TaskPlan] = ()) -> Seen:
        """Take what a chunk counts.

        Args:
            done: By task, the requests that have responses; it grows while the chunk is asked.
            chunk: What is asked.

        Returns:
            Takes each response as it arrives.
        """
        ...

    def graded(self, record: Record) -> None:
        """Take a record.

        Args:
            record: The record.
        """
        ...


class RunStatus:
    """The state of one run.

    Args:
        facts: What does not change: model, command, process.
        clock: Gives the time in seconds.
    """

    def __init__(self, facts: Mapping[str, Any], *, clock: Callable[[], float] = time.time) -> None:
        self._facts, self._clock = dict(facts), clock
        self._started = self._phase_started = clock()
        self.state, self.phase, self.unit = "running", "Starting", ""
        self.error: str | None = None
        self.done = self.total = 0
        self.warnings: list[str] = []
        self.warned = 0
        self._totals: Mapping[str, int] = {}
        self._before: dict[str, int] = {}
        self._chunk: Mapping[str, int] = {}
        self._scores: dict[str, RunningScore] = {}
        self._documents = self._documents_before = 0
        self._arrivals: Arrivals | None = None
        self._early: dict[str, RunningScore] = {}

    def begin(self, phase: str, total: int = 0, unit: str = "") -> None:
        """Begin a phase.

        Args:
            phase: What it is called.
            total: How many steps it has; 0: not known.
            unit: What they are, in the plural.
        """
        self.phase, self.done, self.total, self.unit = phase, 0, total, unit
        self._phase_started = self._clock()

    def warn(self, sentence: str) -> None:
        """Take a warning; the first ones are shown, the others counted.

        Args:
            sentence: Without secrets.
        """
        self.warned += 1
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(sentence)

    def expect(self, totals: Mapping[str, int], documents: int = 0) -> None:
        """As :class:`TaskWatch` has it."""
        self._totals, self._documents = totals, documents

    def follow(self, done: Mapping[str, int], chunk: Sequence[TaskPlan] = ()) -> Seen:
        """As :class:`TaskWatch` has it."""
        from proctor.run.arrivals import Arrivals  # who only reads a status needs no tasks

        before = self._before.copy()
        for task, count in self._chunk.items():
            before[task] = before.get(task, 0) + count
        self._before, self._chunk = before, done
        early = RunningScore()
        self._documents_before = self._done_documents()
        self._arrivals = arrivals = Arrivals(chunk, early if len(self._totals) == 1 else None)
        self._early = {name: early for name in self._totals if len(self._totals) == 1}
        return arrivals.seen

    def _done_documents(self) -> int:
        return self._documents_before + (self._arrivals.done if self._arrivals is not None else 0)

    def graded(self, record: Record) -> None:
        """As :class:`TaskWatch` has it."""
        self._early.pop(record.task, None)
        score = self._scores.get(record.task)
        if score is None:
            score = self._scores[record.task] = RunningScore()
        score.add(record)

    def line(self, width: int | None = None) -> str:
        """The line of the whole run, as :func:`~proctor.run.running_score.run_line` has it.

        Args:
            width: Letters there is room for.
        """
        alone = self._tasks() if len(self._totals) == 1 else {}  # those of many tasks take longer than a line is worth
        return run_line({**self._counts(self._clock()), "tasks": alone}, width)

    def document(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        now = self._clock()
        return {
            "state": self.state,
            **({} if self.error is None else {"error": self.error}),
            **self._counts(now),
            "tasks": self._tasks(),
            "warnings": list(self.warnings),
            "warned": self.warned,
            **self._facts,
            "started": self._started,
            "updated": now,
        }

    def _counts(self, now: float) -> dict[str, Any]:
        seconds = now - self._phase_started
        rate = self.done / seconds if self.done and seconds > 0 else None
        left = None if rate is None or not self.total else max(self.total - self.done, 0) / rate
        return {
            "phase": self.phase,
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "phase_seconds": round(seconds, 1),
            "seconds": round(now - self._started, 1),
            "rate": None if rate is None else round(rate, 3),
            "eta": None if left is None else round(left, 1),
            "questions": {"done": self._done_documents(), "total": self._documents},
        }

    def _tasks(self) -> dict[str, Any]:
        # Copies in one step: the run adds keys meanwhile.
        chunk, before, scores = dict(self._chunk), self._before, dict(self._scores)
        if self._arrivals is not None and self._arrivals.has_score:
            for name, early in list(self._early.items()):
                scores[name] = scores[name].with_other(early) if name in scores else early
        found: dict[str, Any] = {}
        for task, total in self._totals.items():
            score = scores.get(task)
            done = before.get(task, 0) + chunk.get(task, 0)
            found[task] = {"done": done, "total": total, **({} if score is None else score.facts())}
        return found


def status_line(document: Mapping[str, Any]) -> str:
    """A status as one line: ``Answering: 120 of 691 requests (17 %), 6.0/s, 1:35 left``.

    Args:
        document: What :meth:`RunStatus.document` gives.
    """
    done, total, unit = document.get("done") or 0, document.get("total") or 0, document.get("unit") or ""
    parts = [str(document.get("phase"))]
    if total:
        parts[0] += f": {done:,} of {total:,} {unit} ({100 * done // total} %)"
    if document.get("rate"):
        parts.append(f"{document['rate']:.1f}/s")
    if document.get("eta"):
        parts.append(f"{spoken(document['eta'])} left")
    elif not total:
        parts.append(f"{spoken(document.get('phase_seconds') or 0)} so far")
    return ", ".join(parts)


class WatchedProgress:
    """Opens displays, and says to a status what they count: an :class:`~proctor.run.progress.OpenProgress`.

    Args:
        status: The status.
        open_display: Opens what is shown.
    """

    def __init__(self, status: RunStatus, open_display: OpenProgress) -> None:
        self._status, self._open = status, open_display
        self.expect, self.follow, self.graded = status.expect, status.follow, status.graded

    def __call__(self, total: int, label: str, unit: str = "tasks") -> Progress:
        """Open a display."""
        display = self._open(total, label, unit)
        if isinstance(display, Quiet):
            display.whole = self._status.line
        return _WatchedDisplay(self._status, display, total, label, unit)


class _WatchedDisplay:
    def __init__(self, status: RunStatus, display: Progress, total: int, label: str, unit: str) -> None:
        self._status, self._display = status, display
        self._begin = (label, total, unit)

    def __enter__(self) -> Self:
        self._status.begin(*self._begin)
        self._display.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.__exit__(kind, error, trace)
        after = _AFTER.get(self._begin[0])
        if kind is None and after is not None:
            self._status.begin(after)

    def advance(self, n: int = 1) -> None:
        self._status.done += n
        self._display.advance(n)
