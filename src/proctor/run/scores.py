"""What is kept of a task's records once they are written: the values that its figures are made of."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor.types import DocumentError, Record, UngradedDocuments

log = logging.getLogger("proctor")

SHOWN = 5
"""Errors of a task that are told; the others are counted."""

Key = tuple[str, str]


class MetricValues:
    """The values of one task's metrics, by metric and filter, and its documents without any."""

    def __init__(self, name: str, records: Iterable[Record] = ()) -> None:
        self.name = name
        self._values: dict[str, dict[Key, list[Any]]] = {}
        self._seen: Counter[str] = Counter()
        self._measured: Counter[str] = Counter()
        self._bad: set[int | None] = set()
        self._first: list[DocumentError] = []
        self._nan: list[int] = []
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take over what a record says; the record itself may go."""
        self._seen[record.filter] += 1
        values = self._values.setdefault(record.filter, {})
        if record.error is not None:
            self.note(DocumentError(record.task, record.doc_id, record.filter, record.error))
            return
        self._measured[record.filter] += 1
        for metric, value in record.metrics.items():
            values.setdefault((metric, record.filter), []).append(value)

    def note(self, finding: DocumentError) -> None:
        """Count an error; the first few are kept."""
        self._bad.add(finding.doc_id)
        if len(self._first) < SHOWN:
            self._first.append(finding)

    def note_nan(self, documents: Iterable[int]) -> None:
        """Count documents on which the model gave NaN."""
        self._nan.extend(documents)

    @property
    def not_a_number(self) -> Sequence[int]:
        """The documents on which the model gave NaN."""
        return self._nan

    @property
    def asked(self) -> int:
        """Number of documents that were asked."""
        return max(self._seen.values(), default=0)

    @property
    def values(self) -> dict[Key, list[Any]]:
        """Pipeline by pipeline, each metric's values in document order."""
        return {key: items for of_filter in self._values.values() for key, items in of_filter.items()}

    @property
    def measured(self) -> int:
        """Number of documents that were graded."""
        return max(self._measured.values(), default=0)

    @property
    def failed(self) -> UngradedDocuments | None:
        """What could not be graded, if anything."""
        if not self._first:
            return None
        return UngradedDocuments(self.name, len(self._bad - {None}), self.asked, tuple(self._first))


def failure_report(failed: UngradedDocuments) -> str:
    """What could not be graded, one line each, under one that says what that means for the figures."""
    lines = []
    if failed.documents:
        left = failed.asked - failed.documents
        lines.append(
            f"Task '{failed.task}': {failed.documents} of {failed.asked} documents could not be scored; "
            + (f"its scores are those of the {left} others." if left else "it has no scores.")
        )
    else:
        lines.append(f"Task '{failed.task}' lacks some of its scores:")
    for finding in failed.first:
        place = "" if finding.doc_id is None else f"document {finding.doc_id}, "
        lines.append(f"  {place}filter {finding.filter}: {finding.why}")
    if failed.documents > len(failed.first):
        lines.append(f"  and {failed.documents - len(failed.first)} more documents")
    return "\n".join(lines)


def facts_of(failed: Iterable[UngradedDocuments]) -> Mapping[str, Any]:
    """What the results file says of documents that could not be graded, under ``failed``."""
    by_task = {
        one.task: {
            "documents": one.documents,
            "of": one.asked,
            "first": [
                {"doc_id": finding.doc_id, "filter": finding.filter, "error": finding.why} for finding in one.first
            ],
        }
        for one in failed
    }
    return {"failed": by_task} if by_task else {}
