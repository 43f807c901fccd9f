"""From bound tasks to the requests of a run: a frozen value that ``preview`` can show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from proctor.errors import Fault, ProctorError, TaskError
from proctor.store.keys import is_sampled
from proctor.tasks.classes import AnyTask
from proctor.tasks.outputs import Example
from proctor.tasks.prompt import Style
from proctor.types import Generate, Loglikelihood, Query, Request

SHOWN = 5
"""Documents of a task whose faults are told; the others are counted."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One document's example and its requests, in request order."""

    example: Example
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task's documents. ``asked``: how often each request goes to the model."""

    task: AnyTask
    documents: tuple[Planned, ...]
    asked: int

    def queries(self) -> Iterator[Query]:
        """Every query of the task: document-major, then request, then repeat."""
        for planned in self.documents:
            for index, request in enumerate(planned.requests):
                for repeat in range(self.asked):
                    yield Query(self.task.spec.name, planned.example.doc_id, index, repeat, request)


class Faults:
    """Documents of which no prompt can be made: the first few of each task, and how many there are."""

    def __init__(self) -> None:
        self._errors: list[ProctorError] = []
        self._first: dict[str, list[Fault]] = {}
        self._counts: Counter[str] = Counter()
        self._others: list[Fault] = []

    def note(self, task: str, doc_id: int, error: ProctorError) -> None:
        """Keep what a document raised."""
        self._counts[task] += 1
        first = self._first.setdefault(task, [])
        if self._counts[task] > SHOWN:
            return
        self._errors.append(error)
        faults = error.faults if isinstance(error, TaskError) else (Fault(error.message, hint=error.hint),)
        for fault in faults:
            known = re.search(rf"document {doc_id}\b", fault.message)
            first.append(fault if known else replace(fault, message=f"{fault.message} (document {doc_id})"))

    def add(self, faults: Sequence[Fault]) -> None:
        """Keep faults that are not of one document."""
        self._others += faults

    def check(self) -> None:
        """Raise what was noted, all at once."""
        if sum(self._counts.values()) == 1 and not self._others and not isinstance(self._errors[0], TaskError):
            raise self._errors[0]
        told: list[Fault] = []
        for task, first in self._first.items():
            told += first
            more = self._counts[task] - SHOWN
            if more > 0:
                told.append(Fault(f"task '{task}': {more} more documents have such errors."))
        told += self._others
        if told:
            raise TaskError(told)


def plan_task(
    task: AnyTask,
    *,
    limit: float | None,
    samples: Sequence[int] | None,
    seed: int | None,
    style: Style,
    faults: Faults | None = None,
) -> TaskPlan:
    """Render the prompts of one task's documents and build their requests.

    ``faults`` learns of the documents of which no prompt can be made; None: the first one raises.
    """
    documents = tuple(plan_documents(task, task.positions(limit, samples), seed, style, faults))
    sampled = any(is_sampled_request(request) for planned in documents for request in planned.requests)
    return TaskPlan(task, documents, task.spec.repeats if sampled else 1)


def plan_documents(
    task: AnyTask, positions: Sequence[int], seed: int | None, style: Style, faults: Faults | None = None
) -> Iterator[Planned]:
    """The documents at ``positions`` with their requests, one after the other."""
    note = None if faults is None else partial(faults.note, task.spec.name)
    for example in task.examples(positions, style, seed, note):
        try:
            yield Planned(example, task.requests(example, style))
        except ProctorError as error:
            if note is None:
                raise
            note(example.doc_id, error)


def is_sampled_request(request: Request) -> bool:
    """Whether asking it twice can give two answers."""
    return isinstance(request, Generate) and is_sampled(request.kwargs)


def count_requests(plans: Sequence[TaskPlan]) -> int:
    """Number of queries that go to the model."""
    return sum(len(planned.requests) * plan.asked for plan in plans for planned in plan.documents)


def request_count(request: Request) -> int:
    """How many requests this is as lm-eval counts them: one for each continuation."""
    return len(request.continuations) if isinstance(request, Loglikelihood) else 1
