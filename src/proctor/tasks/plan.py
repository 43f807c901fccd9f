"""From bound tasks to the requests of a run: a frozen value that ``preview`` can show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from proctor.errors import Finding, ProctorError, TaskError
from proctor.records import Query
from proctor.tasks.class_task import AnyTask
from proctor.tasks.data import Selection
from proctor.tasks.example import Ask, Example
from proctor.tasks.prompt import PromptStyle
from proctor.template_sizes import TemplateTooLarge
from proctor.types import Request

# Bounds on what is held: a task of a million documents may have a million different messages.
SHOWN = 5
"""Different errors of a task's documents that are told; documents with others are counted."""
NAMED = 3
"""Documents that are named for each."""


@dataclass(frozen=True, slots=True)
class DocumentPlan:
    """One document's example and its asks, variant by variant."""

    example: Example
    asks: tuple[Ask, ...]

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests alone."""
        return tuple(ask.request for ask in self.asks)

    def asks_of(self, variant: int) -> tuple[Ask, ...]:
        """The asks of one variant."""
        # Nearly all documents: the list is passed on instead of being filtered.
        if len(self.example.variants) == 1:
            return self.asks
        return tuple(ask for ask in self.asks if ask.variant == variant)


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task's documents. ``queries_per_request``: how often each request goes to the model."""

    task: AnyTask
    documents: tuple[DocumentPlan, ...]
    queries_per_request: int

    def queries(self) -> Iterator[Query]:
        """Every query of the task: document-major, then request, then repeat."""
        for planned in self.documents:
            for index, ask in enumerate(planned.asks):
                for repeat in range(self.queries_per_request):
                    yield Query(self.task.spec.name, planned.example.doc_id, index, repeat, ask.request)


@dataclass(slots=True)
class _DocumentErrors:
    """An error, the documents that have it, and whether its message names the first of them."""

    error: Finding
    documents: list[int]
    is_named: bool


class PlanErrors:
    """Documents of which no prompt can be made, by what is wrong with them, and errors of tasks."""

    def __init__(self) -> None:
        self._errors: list[ProctorError] = []
        self._seen: dict[str, dict[Any, _DocumentErrors]] = {}
        self._more: dict[str, set[int]] = {}
        self._others: list[Finding] = []

    def note(self, task: str, doc_id: int, error: ProctorError) -> None:
        """Keep what a document raised.

        A template that goes over its bounds ends the planning: it would take its seconds for every document.
        """
        self._keep(task, doc_id, error)
        if isinstance(error.__cause__, TemplateTooLarge):
            self.check()

    def _keep(self, task: str, doc_id: int, error: ProctorError) -> None:
        self._errors = [*self._errors, error][:2]
        seen = self._seen.setdefault(task, {})
        for finding in error.errors if isinstance(error, TaskError) else (Finding(error.message, hint=error.hint),):
            named = re.search(rf"document {doc_id}\b", finding.message)
            # Messages that differ in numbers only (of the document, of its options) are one error.
            key = (finding.file, finding.line, re.sub(r"\d+", "N", finding.message))
            if key in seen:
                seen[key].documents.append(doc_id)
            elif len(seen) < SHOWN:
                seen[key] = _DocumentErrors(finding, [doc_id], named is not None)
            else:
                self._more.setdefault(task, set()).add(doc_id)

    def add(self, errors: Sequence[Finding]) -> None:
        """Keep errors that are not of one document."""
        self._others += errors

    def check(self) -> None:
        """Raise what was noted, all at once."""
        # The one error that there is keeps its class and its exit code.
        if len(self._errors) == 1 and not self._others and not isinstance(self._errors[0], TaskError):
            raise self._errors[0]
        findings: list[Finding] = []
        for task, seen in self._seen.items():
            findings += map(_with_documents, seen.values())
            if more := len(self._more.get(task, ())):
                which = (
                    "1 more document has another error" if more == 1 else f"{more:,} more documents have other errors"
                )
                findings.append(Finding(f"task '{task}': {which}."))
        findings += self._others
        if findings:
            raise TaskError(findings)


def _with_documents(one: _DocumentErrors) -> Finding:
    if one.is_named and len(one.documents) == 1:
        return one.error
    which = named_documents(one.documents[1:] if one.is_named else one.documents)
    also = "also " if one.is_named else ""
    return replace(one.error, message=f"{one.error.message} ({also}{which})")


def named_documents(numbers: Sequence[int]) -> str:
    """Documents in a sentence: ``document 3``, ``documents 3 and 7``, ``documents 3, 7, 9 and 4 more``."""
    shown, more = [str(number) for number in numbers[:NAMED]], len(numbers) - NAMED
    last = f"{more:,} more" if more > 0 else shown.pop()
    return f"document {last}" if not shown else f"documents {', '.join(shown)} and {last}"


def plan_task(
    task: AnyTask,
    *,
    selection: Selection,
    seed: int | None,
    style: PromptStyle,
    errors: PlanErrors | None = None,
) -> TaskPlan:
    """Render the prompts of one task's documents and build their requests.

    ``errors`` learns of the documents of which no prompt can be made; None: the first one raises.
    """
    documents = tuple(plan_documents(task, task.positions(selection), seed, style, errors))
    sampled = any(ask.request.is_sampled for planned in documents for ask in planned.asks)
    # A greedy response is requested once and counted as often as the task repeats; lm-eval computes it each time.
    return TaskPlan(task, documents, task.spec.repeats if sampled else 1)


def plan_documents(
    task: AnyTask, positions: Sequence[int], seed: int | None, style: PromptStyle, errors: PlanErrors | None = None
) -> Iterator[DocumentPlan]:
    """The documents at ``positions`` with their requests, one after the other."""
    note = None if errors is None else partial(errors.note, task.spec.name)
    for example in _examples(task, positions, seed, style, errors):
        try:
            yield DocumentPlan(example, task.asks(example, style))
        except ProctorError as error:
            if note is None:
                raise
            note(example.doc_id, error)


def _examples(
    task: AnyTask, positions: Sequence[int], seed: int | None, style: PromptStyle, errors: PlanErrors | None
) -> Iterator[Example]:
    """The task's documents with their prompts; an error of the task as a whole is noted, and there are none."""
    if errors is None:
        yield from task.examples(positions, style, seed, None)
        return
    try:
        yield from task.examples(positions, style, seed, partial(errors.note, task.spec.name))
    except TaskError as error:
        errors.add(error.errors)


def count_requests(plans: Sequence[TaskPlan]) -> int:
    """Number of queries that go to the model."""
    return sum(len(planned.asks) * plan.queries_per_request for plan in plans for planned in plan.documents)
