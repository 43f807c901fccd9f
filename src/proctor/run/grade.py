"""From responses to records: filters, then the task's metrics; a record per pipeline, variant and document.

A document that cannot be graded does not keep the others from it: its record has an error instead
of metric values.
"""

# From responses to records
# -------------------------
#   responses (flat)  -> by document and variant: [argument tuple][repeat]
#                     -> pipeline 1: all documents at once -> a value for each argument tuple -> measure -> record
#                     -> pipeline 2: ...
#
# A filter gets all documents of a task in one call, as in lm-eval; a task's own filter may compare them. If it raises,
# nobody knows for which document. It is then run on halves, and on halves of those that fail, until single documents
# are found: about k log2(n) calls for k of n documents. The others are filtered once more, all together.
#
# A document in another formulation is no response of the task's own kind: its filters never see it. It has a record
# under the first pipeline alone.
#
# A document with a refused request has no values that could be filtered: filters see nothing of it, as if it were not
# there, and its record says why.

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any, TypeAlias

from proctor.check.scoring import scoring_warnings
from proctor.check.task_checks import warn
from proctor.errors import DataError, ProctorError, error_line
from proctor.filters.base import FilterFailure
from proctor.records import Record
from proctor.results.redact import redact_text
from proctor.tasks.class_task import AnyTask
from proctor.tasks.example import Ask, ask_results
from proctor.tasks.formulation_asks import formulation_metrics, option_tokens, read_response
from proctor.tasks.plan import DocumentPlan, TaskPlan
from proctor.tasks.task import Task
from proctor.types import Refusal, Response

log = logging.getLogger("proctor")

LONGEST = 1000
"""Characters of an error that are kept: an exception may quote a whole document."""

Document: TypeAlias = list[list[Any]]
"""The responses to one variant of a document: per argument tuple, the values of its repeats."""


def grade(
    plan: TaskPlan, responses: Sequence[Response], *, fail_fast: bool = False, check: bool = False
) -> Iterator[Record]:
    """Records of one task, filter pipeline by filter pipeline in document order (lm-eval's order).

    Where documents have several variants, each pipeline gives the records of all canonical ones, then of all others.

    Args:
        plan: Documents with their requests.
        responses: Those to ``plan.queries()``, in that order.
        fail_fast: The first document that cannot be graded raises; else its record has an error.
        check: Functions that score are called twice on the first documents.

    Raises:
        ProctorError: Under ``fail_fast``; whatever a filter raises comes through as it is.
    """
    shown, formulated = _shown_documents(plan, responses)
    if check and isinstance(plan.task, Task):
        canonical = [one for one in shown[0] if one.refused is None]
        warn(scoring_warnings(plan.task, [one.planned for one in canonical], [one.values for one in canonical]))
    for number, pipeline in enumerate(plan.task.pipelines):
        for documents in shown:
            outcomes = _outcomes(pipeline, documents, fail_fast=fail_fast)
            for one, values in zip(documents, outcomes, strict=True):
                yield _record(plan.task, one, values, pipeline.name, fail_fast=fail_fast)
        # Filters are made for the responses to the task's own formulation; the others are read as they came, once.
        if number == 0 and isinstance(plan.task, Task):
            for one, raw in formulated:
                yield _formulated_record(plan.task, one, raw, pipeline.name, fail_fast=fail_fast)


def sentence(error: Exception) -> str:
    """An exception in one line, without secrets.

    Args:
        error: Any exception.

    Returns:
        At most :data:`LONGEST` characters and an ellipsis.
    """
    return _one_line(error.message if isinstance(error, ProctorError) else error_line(error))


def _one_line(text: str) -> str:
    line = redact_text(" ".join(text.split())).rstrip(":")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


@dataclass(slots=True)  # not frozen, which costs 0.5 us: one is made for each document
class _ShownDocument:
    """One variant of a document with the values of its responses.

    Attributes:
        planned: The document.
        variant: The number of the variant.
        asks: Its requests.
        values: What came of them.
        refused: Why one of them has no response.
        tokens: Of each option, its tokens, where texts are a formulation; filters do not hand them on.
    """

    planned: DocumentPlan
    variant: int
    asks: tuple[Ask, ...]
    values: Document
    refused: str | None
    tokens: tuple[int, ...] = ()

    @property
    def formulation(self) -> str | None:
        """The formulation that this variant is, where the document is put in several."""
        mark = self.planned.example.variants[self.variant].formulation
        return None if mark is None else mark.name


def _shown_documents(
    plan: TaskPlan, responses: Sequence[Response]
) -> tuple[list[list[_ShownDocument]], list[tuple[_ShownDocument, Sequence[Response]]]]:
    """By number of the variant, the documents that have it, in their order; and those in another formulation.

    Each variant is filtered apart from the others: a filter of the task may look at all responses, and what the
    canonical ones become must not depend on how many other variants were requested.
    """
    # lm-eval: filters see as many responses as the task repeats; a greedy one is requested once and counted so often.
    copies = plan.task.spec.repeats // plan.queries_per_request
    shown: list[list[_ShownDocument]] = [[]]
    formulated: list[tuple[_ShownDocument, Sequence[Response]]] = []
    position = 0
    for planned in plan.documents:
        for variant, how in enumerate(planned.example.variants):
            asks, begin = planned.asks_of(variant), position
            values: Document = []
            refused: str | None = None
            for ask in asks:
                repeats = responses[position : position + plan.queries_per_request]
                position += plan.queries_per_request
                try:
                    values += _columns(repeats, copies)
                except _RefusedError as error:
                    refused = refused or f"refused: {_one_line(error.why)}"
                    values.extend([] for _ in range(ask.request.count))
            raw = responses[begin : position : plan.queries_per_request]
            tokens = () if how.formulation is None else option_tokens(how.formulation, asks, raw)
            one = _ShownDocument(planned, variant, asks, values, refused, tokens)
            if variant and how.formulation is not None:
                formulated.append((one, raw))
                continue
            if variant == len(shown):
                shown.append([])
            shown[variant].append(one)
    return shown, formulated


class _RefusedError(Exception):
    """A response is a refusal; ``why`` is its reason."""

    def __init__(self, why: str) -> None:
        self.why = why


def _columns(repeats: Sequence[Response], copies: int) -> Document:
    """Of each argument tuple, the values of its repeats.

    Raises:
        _RefusedError: One of the responses is a refusal.
    """
    for response in repeats:
        if isinstance(response, Refusal):
            raise _RefusedError(response.why)
    if len(repeats) == 1:  # nearly always
        return [[value] * copies for value in repeats[0].values]
    return [list(column) * copies for column in zip(*[response.values for response in repeats], strict=True)]


def _outcomes(pipeline: Any, documents: Sequence[_ShownDocument], *, fail_fast: bool) -> list[list[Any]]:
    """Per document the outcomes of its requests; filters see nothing of documents that the model refused."""
    whole = [one for one in documents if one.refused is None]
    docs = [one.planned.example.doc for one in whole]
    filtered = iter(_FilterRun(pipeline, [one.values for one in whole], docs).outcomes(fail_fast=fail_fast))
    return [next(filtered) if one.refused is None else [FilterFailure(one.refused)] for one in documents]


class _FilterRun:
    """One pipeline over the documents of a task: all at once, and where that fails, without those at error."""

    def __init__(self, pipeline: Any, responses: Sequence[Document], docs: Sequence[Any]) -> None:
        self._pipeline, self._responses, self._docs = pipeline, responses, docs

    def outcomes(self, *, fail_fast: bool) -> list[list[Any]]:
        """Per document, the outcomes of its requests; :class:`FilterFailure` ones where there is none."""
        everything = range(len(self._responses))
        if not everything:
            return []
        try:
            return self._run(everything)
        except Exception as error:
            if fail_fast:
                raise
            bad = self._at_error(everything, error)
        # Together again, and not the halves put together: what a filter makes of a document may depend on which others
        # it sees.
        good = [place for place in everything if place not in bad]
        try:
            outcomes = dict(zip(good, self._run(good), strict=True))
        except Exception as error:  # noqa: BLE001 - whatever a task's filter raises
            outcomes = {}
            bad |= dict.fromkeys(good, FilterFailure(sentence(error)))
        return [outcomes[place] if place in outcomes else [bad[place]] for place in everything]

    def _run(self, places: Sequence[int]) -> list[list[Any]]:
        documents = [self._responses[place] for place in places]
        docs = [doc for place in places for doc in repeat(self._docs[place], len(self._responses[place]))]
        filtered = iter(list(self._pipeline.apply(list(chain.from_iterable(documents)), docs)))
        return [list(islice(filtered, len(document))) for document in documents]

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


def _formulated_record(
    task: Task, one: _ShownDocument, responses: Sequence[Response], name: str, *, fail_fast: bool
) -> Record:
    """The record of a document in another formulation, of the first response to each of its requests."""
    example, why = one.planned.example, one.refused
    if why is not None and fail_fast:
        raise DataError(f"Task '{task.spec.name}', document {example.doc_id}: {why}")
    results = [] if why is not None else [read_response(*pair) for pair in zip(one.asks, responses, strict=True)]
    outcome = None if why is not None else task.outcome(example, one.variant, results, one.tokens)
    return Record(
        task=task.spec.name,
        doc_id=example.doc_id,
        doc=example.doc,
        target=example.target,
        arguments=_arguments(one),
        responses=tuple([tuple(repeats) for repeats in one.values]),
        filtered=tuple([repeats[0] if repeats else None for repeats in one.values]),
        filter=name,
        metrics={} if outcome is None else formulation_metrics(outcome),
        error=why,
        variant=one.variant,
        formulation=one.formulation,
        outcome=outcome,
    )


def _arguments(one: _ShownDocument) -> tuple[tuple[Any, ...], ...]:
    return tuple([arguments for ask in one.asks for arguments in ask.request.arguments])


def _record(task: AnyTask, one: _ShownDocument, values: list[Any], name: str, *, fail_fast: bool) -> Record:
    example = one.planned.example
    variant = example.variants[one.variant]
    finding, filtered = None, tuple(values)
    for value in values:
        if isinstance(value, FilterFailure):
            finding = value.why
            filtered = tuple([None if isinstance(value, FilterFailure) else value for value in values])
            break
    metrics: Mapping[str, Any] = {}
    outcome = None
    if finding is None:
        try:
            results = ask_results(one.asks, values)
            metrics = task.measure(example, one.variant, results)
            if one.variant == 0 and isinstance(task, Task):
                outcome = task.outcome(example, 0, results, one.tokens)
        except Exception as error:
            finding = sentence(error)
            if fail_fast and isinstance(error, ProctorError):
                raise
    if finding is not None and fail_fast:
        raise DataError(f"Task '{task.spec.name}', document {example.doc_id}: {finding}")
    return Record(
        task=task.spec.name,
        doc_id=example.doc_id,
        doc=example.doc,
        target=example.target,
        arguments=_arguments(one),
        responses=tuple(map(tuple, one.values)),
        filtered=filtered,
        filter=name,
        metrics=metrics,
        error=finding,
        variant=one.variant,
        item=example.item,
        order=() if example.item is None else variant.order,
        formulation=None if variant.formulation is None else variant.formulation.name,
        outcome=outcome,
    )
