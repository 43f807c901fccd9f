"""From answers to records: filters, then the task's own measures, one record per document and pipeline.

A document that cannot be graded does not keep the others from it: its record has an error instead
of figures.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from proctor.check.scoring import scoring_warnings
from proctor.check.task_checks import warn
from proctor.errors import DataError, ProctorError, error_line
from proctor.filters.base import FilterFailure
from proctor.results.redact import redact_text
from proctor.tasks.plan import DocumentPlan, TaskPlan
from proctor.tasks.task import Task
from proctor.types import Record, Response

log = logging.getLogger("proctor")

LONGEST = 1000
"""Characters of an error that are kept: an exception may quote a whole document."""

Document: TypeAlias = "list[list[Any]]"
"""One document's answers: per argument tuple, the values of its repeats."""


def grade(
    plan: TaskPlan, responses: Sequence[Response], *, fail_fast: bool = False, check: bool = False
) -> Iterator[Record]:
    """Records of one task, filter pipeline by filter pipeline in document order (lm-eval's order).

    Args:
        plan: Documents with their requests.
        responses: Those to ``plan.queries()``, in that order.
        fail_fast: The first document that cannot be graded raises; else its record has an error.
        check: Functions that score are called twice on the first documents.

    Raises:
        ProctorError: Under ``fail_fast``; whatever a filter raises comes through as it is.
    """
    answers = list(_answers(plan, responses))
    if check and isinstance(plan.task, Task):
        warn(scoring_warnings(plan.task, plan.documents, answers))
    docs = [planned.example.doc for planned in plan.documents]
    for pipeline in plan.task.pipelines:
        outcomes = _FilterRun(pipeline, answers, docs).outcomes(fail_fast=fail_fast)
        for planned, document, values in zip(plan.documents, answers, outcomes, strict=True):
            yield _record(plan, planned, document, values, pipeline.name, fail_fast=fail_fast)


def sentence(error: Exception) -> str:
    """An exception in one line, without secrets.

    Args:
        error: Any exception.

    Returns:
        At most :data:`LONGEST` characters and an ellipsis.
    """
    said = error.message if isinstance(error, ProctorError) else error_line(error)
    line = redact_text(" ".join(said.split())).rstrip(":")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def _answers(plan: TaskPlan, responses: Sequence[Response]) -> Iterator[Document]:
    copies = plan.task.spec.repeats // plan.asked
    position = 0
    for planned in plan.documents:
        document: Document = []
        for _ in planned.requests:
            repeats = [response.values for response in responses[position : position + plan.asked]]
            position += plan.asked
            document.extend([list(values) * copies for values in zip(*repeats, strict=True)])
        yield document


class _FilterRun:
    """One pipeline over the documents of a task: all at once, and where that fails, without those at error."""

    def __init__(self, pipeline: Any, answers: Sequence[Document], docs: Sequence[Any]) -> None:
        self._pipeline, self._answers, self._docs = pipeline, answers, docs

    def outcomes(self, *, fail_fast: bool) -> list[list[Any]]:
        """Per document, the outcomes of its requests; :class:`FilterFailure` ones where there is none."""
        everything = range(len(self._answers))
        try:
            return self._run(everything)
        except Exception as error:
            if fail_fast:
                raise
            bad = self._at_error(everything, error)
        good = [place for place in everything if place not in bad]
        try:
            found = dict(zip(good, self._run(good), strict=True))
        except Exception as error:  # noqa: BLE001 - whatever a task's filter raises
            found = {}
            bad |= dict.fromkeys(good, FilterFailure(sentence(error)))
        return [found[place] if place in found else [bad[place]] for place in everything]

    def _run(self, places: Sequence[int]) -> list[list[Any]]:
        flat = [repeats for place in places for repeats in self._answers[place]]
        docs = [self._docs[place] for place in places for _ in self._answers[place]]
        filtered = iter(list(self._pipeline.apply(flat, docs)))
        return [[next(filtered) for _ in self._answers[place]] for place in places]

    def _at_error(self, places: Sequence[int], error: Exception) -> dict[int, FilterFailure]:
        """The documents with which the filters fail, found by halving; all failed with ``error`` together."""
        if len(places) == 1:
            return {places[0]: FilterFailure(sentence(error))}
        middle, bad = len(places) // 2, {}
        for half in (places[:middle], places[middle:]):
            try:
                self._run(half)
            except Exception as failed:  # noqa: BLE001 - whatever a task's filter raises
                bad |= self._at_error(half, failed)
        return bad


def _record(
    plan: TaskPlan, planned: DocumentPlan, document: Document, values: list[Any], name: str, *, fail_fast: bool
) -> Record:
    example = planned.example
    finding = next((value.why for value in values if isinstance(value, FilterFailure)), None)
    metrics: Mapping[str, Any] = {}
    if finding is None:
        try:
            metrics = plan.task.measure(example, values)
        except Exception as error:
            finding = sentence(error)
            if fail_fast and isinstance(error, ProctorError):
                raise
    if finding is not None and fail_fast:
        raise DataError(f"Task '{plan.task.spec.name}', document {example.doc_id}: {finding}")
    return Record(
        task=plan.task.spec.name,
        doc_id=example.doc_id,
        doc=example.doc,
        target=example.target,
        arguments=tuple(arguments for request in planned.requests for arguments in request.arguments),
        responses=tuple(tuple(repeats) for repeats in document),
        filtered=tuple(None if isinstance(value, FilterFailure) else value for value in values),
        filter=name,
        metrics=metrics,
        error=finding,
    )
