"""What a run does while a model in other processes responds: it grades the chunk before, and plans the next one."""

# One chunk asked, one graded, one planned
# ----------------------------------------
#   workers        | chunk 1                | chunk 2                | chunk 3
#   this process   | stores 1, plans 2      | stores 2, grades 1,    | stores 3, grades 2,
#                  |                        | plans 3                | plans 4
#
# Without this, workers wait while a chunk is graded and written and the next one is planned: longer than they take to
# respond, where documents are short.
#
# Why no thread: what grades is the code of tasks, which may set signals (that works in the main thread alone) and draws
# from the generators of the process; and two threads of Python take turns all the same. So each response is followed by
# one step of both works, a document graded and so many planned as responses came, in an order that no clock decides.
# Chunks are equally large, so both are about done when the last response is there; the rest is done then.
#
# Invariant: chunks are requested and graded in their order, and a record passes on once, as without this. What ends a
# run between two responses (Ctrl-C, an error of a grader) ends it there: what has arrived is stored before it is
# graded, so the same command goes on.

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from proctor.run.chunks import STEP
from proctor.tasks.plan import TaskPlan


class Background:
    """The works of one run.

    Args:
        planning: The chunks, and None after each step of their planning.
    """

    def __init__(self, planning: Iterator[Sequence[TaskPlan] | None]) -> None:
        self._planning = planning
        self._next: Sequence[TaskPlan] | None = None
        self._grading: Iterator[object] = iter(())
        self._responses = 0

    def chunks(self) -> Iterator[Sequence[TaskPlan]]:
        """The chunks in order; what was not planned meanwhile is planned when it is asked for."""
        while True:
            while self._next is None:
                try:
                    self._next = next(self._planning)
                except StopIteration:
                    return
            chunk, self._next = self._next, None
            yield chunk

    def grade(self, work: Iterator[object]) -> None:
        """Take over the grading of a chunk, once that of the chunk before is done.

        Args:
            work: Grades a document at each step.
        """
        self.finish()
        self._grading = work

    def step(self) -> None:
        """Do as much as a response stands for."""
        next(self._grading, None)
        if self._responses % STEP == 0 and self._next is None:
            self._next = next(self._planning, None)
        self._responses += 1

    def finish(self) -> None:
        """Grade what is left."""
        deque(self._grading, maxlen=0)
