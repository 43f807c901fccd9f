"""Which documents have all their responses, and what they scored so far, while the others are still asked."""

# Two counts for who watches a run, of each chunk while it is asked:
#
#   done     documents whose last response has arrived: an index and a subtraction for each response
#   score    of the first metric, over documents that are graded as they are done. The run grades them once more when
#            the chunk is done, and nothing of it depends on this.
#
# A score so far says something of the end only if the documents behind it are a fair part of all: the first ones of
# the data set. A model that sorts what it computes by length answers the short ones first, and those are easier or
# harder. Which models do is not asked, it is seen: documents that are graded must be nearly all up to the furthest one
# (:data:`LEAST_SHARE`), else there is no score.
#
# It must not slow a run: grading takes at most a hundredth of the time that has gone by (:data:`TIME_SHARE`), and what
# is left then waits. Nor may it change one: only built-in metrics and filters that look at each document by itself are
# used, so that no code of a task runs twice, nothing is drawn, and no program of a model is started.

from __future__ import annotations

import logging
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from proctor.run.chunks import is_divisible
from proctor.run.grade import grade
from proctor.run.running_score import RunningScore
from proctor.tasks.class_task import AnyTask
from proctor.tasks.plan import TaskPlan
from proctor.tasks.task import Task
from proctor.types import Response

LEAST_SHARE = 0.9
"""Of the documents up to the furthest graded one, how many must be graded for a score."""
LEAST_DOCUMENTS = 30
"""Of fewer the interval is so wide that the score says nothing."""
TIME_SHARE = 0.01
AT_ONCE = 16
"""Documents that are graded in one go."""
_OWN_METRICS = "proctor.metrics."

log = logging.getLogger("proctor")


class Arrivals:
    """The documents of one chunk, as their responses arrive.

    Args:
        chunk: What is asked.
        score: Takes the records of documents that are graded early; None: none is.
        clock: Gives the time in seconds.

    Attributes:
        done: How many documents have all their responses.
    """

    def __init__(
        self,
        chunk: Sequence[TaskPlan],
        score: RunningScore | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.done = 0
        self._document_of, self._left = array("l"), array("l")
        for plan in chunk:
            for planned in plan.documents:
                count = len(planned.asks) * plan.queries_per_request
                self._document_of.extend([len(self._left)] * count)
                self._left.append(count)
        self._early: _EarlyGrader | None = None
        if score is not None and len(chunk) == 1 and can_grade_early(chunk[0].task):
            self._early = _EarlyGrader(chunk[0], score, clock)

    def seen(self, place: int, responses: Sequence[Response | None]) -> None:
        """Take a response.

        Args:
            place: Of its query in the chunk.
            responses: Those to all queries of the chunk, as far as they are there.
        """
        document = self._document_of[place]
        self._left[document] -= 1
        if not self._left[document]:
            self.done += 1
            if self._early is not None:
                self._early.take(document, responses)

    @property
    def has_score(self) -> bool:
        """Whether the documents graded so far say something of the others."""
        return self._early is not None and self._early.is_fair


class _EarlyGrader:
    """Grades documents of one task in the order in which they are done, within its share of the time."""

    def __init__(self, plan: TaskPlan, score: RunningScore, clock: Callable[[], float]) -> None:
        self._plan, self._score, self._clock = plan, score, clock
        self._waiting: deque[int] = deque()
        self._starts = array("l", [0])
        for planned in plan.documents:
            self._starts.append(self._starts[-1] + len(planned.asks) * plan.queries_per_request)
        self._began, self._spent = clock(), 0.0
        self._graded, self._furthest = 0, 0

    @property
    def is_fair(self) -> bool:
        return self._graded >= LEAST_DOCUMENTS and self._graded >= LEAST_SHARE * self._furthest

    def take(self, document: int, responses: Sequence[Response | None]) -> None:
        self._waiting.append(document)
        now = self._clock()
        if self._spent <= TIME_SHARE * (now - self._began):
            self._grade(responses)
            self._spent += self._clock() - now

    def _grade(self, responses: Sequence[Response | None]) -> None:
        chosen = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        wanted = (response for one in chosen for response in responses[self._starts[one] : self._starts[one + 1]])
        # A document is done when the last of its responses is there.
        answered = cast("list[Response]", list(wanted))
        part = replace(self._plan, documents=tuple(self._plan.documents[one] for one in chosen))
        with _Silence():
            for record in grade(part, answered):
                self._score.add(record)
        self._graded += len(chosen)
        self._furthest = max(self._furthest, *(one + 1 for one in chosen))


class _Silence(logging.Filter):
    """Within, this thread logs nothing: whatever grading says, it says when it is done for good."""

    def __enter__(self) -> None:
        self._thread = threading.get_ident()
        log.addFilter(self)

    def __exit__(self, *_: object) -> None:
        log.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is of another thread."""
        return record.thread != self._thread


def can_grade_early(task: AnyTask) -> bool:
    """Whether grading a document more than once changes and costs nothing but time.

    Args:
        task: The task.
    """
    if not isinstance(task, Task) or task.spec.unsafe or task.process_results is not None or not is_divisible(task):
        return False
    return all(_is_own(use.function) for use in task.uses if use.function is not None)


def _is_own(function: Callable[..., object]) -> bool:
    made = getattr(function, "func", function)
    return str(getattr(made, "__module__", "")).startswith(_OWN_METRICS)
