"""What stays of a task's records once they are written: the values of which its scores are made."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.plurals import counted
from proctor.records import DocumentError, Record, UngradedDocuments
from proctor.run.choice_counts import ChoiceCounts
from proctor.run.document_marks import DocumentMarks
from proctor.run.formulation_values import FormulationValues
from proctor.run.order_values import OrderValues
from proctor.run.text_counts import TextCounts
from proctor.run.value_column import ValueColumn

log = logging.getLogger("proctor")

SHOWN = 5
"""Errors of a task that are shown; the others are counted."""

Key = tuple[str, str]
"""A metric and a filter."""

# Values by document
# ------------------
# Records are large (documents, prompts, responses) and are not held; of each, its metric values stay. They stand in
# columns, a row for each document and each way in which it was shown:
#
#     ("acc", "none")     doc_ids   0    1    2    4         ("acc", "strict")     doc_ids   0    1    4
#                         variants  0    0    0    0                               variants  0    0    0
#                         values    1.0  0.0  1.0  1.0                             values    1.0  0.0  0.0
#
# Why not bare lists: two metrics of one task may lack different documents (a document that could not be graded, a key
# that process_results gives now and then). The n-th values of two lists then belong to different documents, and whoever
# pairs them by position compares a document with another one. With the number beside the value that cannot happen.
#
# Why not a table with holes: aggregations take the values that there are, as lm-eval's do.
#
# A further variant of a document is no further observation. The scores of a task are those of its canonical rows,
# variant 0; n, standard errors and the counts of documents know no others.
#
# Invariant: canonical rows stand in the order in which documents are graded, that of the split. A sum of floats depends
# on its order, so this order decides the last digit of a score.


@dataclass(frozen=True, slots=True)
class DocumentValues:
    """What one metric gave under one filter, column by column.

    Attributes:
        doc_ids: The number of each document in its split.
        variants: Which variant of the document it is, 0 the task's own; no pair of the two stands twice.
        values: What the metric gave for it; an aggregation takes this column of the canonical rows.
    """

    doc_ids: Sequence[int]
    variants: Sequence[int]
    values: Sequence[Any]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def canonical(self) -> DocumentValues:
        """The rows of documents as their task shows them: a document once."""
        if not any(self.variants):
            return self
        rows = [row for row, variant in enumerate(self.variants) if variant == 0]
        columns = (self.doc_ids, self.variants, self.values)
        return DocumentValues(*([column[row] for row in rows] for column in columns))

    def where(self, condition: Callable[[Any], bool]) -> list[int]:
        """The documents whose value fulfils a condition."""
        return [doc_id for doc_id, value in zip(self.doc_ids, self.values, strict=True) if condition(value)]


class MetricValues:
    """The values of one task's metrics, by metric and filter, and its documents without any.

    Args:
        name: The task.
        records: The first ones.
        marks: Which of its documents are excluded, and which belong together.

    Attributes:
        texts: What is counted of its generated texts.
        choices: What is counted of its chosen options.
        orders: What its documents gave in several orders.
        formulations: What they gave in several formulations.
    """

    def __init__(self, name: str, records: Iterable[Record] = (), marks: DocumentMarks | None = None) -> None:
        self.name = name
        self.marks = marks or DocumentMarks(name)
        self._columns: dict[str, dict[Key, ValueColumn]] = {}
        self._seen: Counter[str] = Counter()
        self._graded: Counter[str] = Counter()
        self._bad: set[int | None] = set()
        self._first: list[DocumentError] = []
        self._nan: list[int] = []
        self.texts = TextCounts()
        self.choices = ChoiceCounts()
        self.orders = OrderValues()
        self.formulations = FormulationValues()
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take the metric values of a record, or its error; the record itself is not held.

        Documents are counted by their canonical variant; the error of another one stays in its record.
        """
        name = record.filter
        columns = self._columns.get(name)
        if columns is None:
            columns = self._columns[name] = {}
        if record.item is not None:
            self.orders.add(record)
        if record.formulation is not None:
            self.formulations.add(record)
        if record.variant == 0:
            self._count(record)
            if self.marks:
                self.marks.add(record)
        if record.error is not None:
            return
        for metric, value in record.metrics.items():
            column = columns.get((metric, name))
            if column is None:
                column = columns[metric, name] = ValueColumn()
            column.add(record.doc_id, record.variant, value)

    def _count(self, record: Record) -> None:
        self._seen[record.filter] += 1
        if record.error is None:
            self._graded[record.filter] += 1
        else:
            self.note(DocumentError(record.task, record.doc_id, record.filter, record.error))

    def note(self, finding: DocumentError) -> None:
        """Count an error; the first few are kept."""
        self._bad.add(finding.doc_id)
        if len(self._first) < SHOWN:
            self._first.append(finding)

    def note_nan(self, documents: Iterable[int]) -> None:
        """Count documents on which the model gave NaN."""
        self._nan.extend(documents)

    def sort_documents(self) -> None:
        """Put the documents into the order of the split, after they were graded in another one."""
        for columns in self._columns.values():
            for key, column in columns.items():
                columns[key] = column.sort()

    @property
    def not_a_number(self) -> Sequence[int]:
        """The documents on which the model gave NaN."""
        return self._nan

    @property
    def requested(self) -> int:
        """Number of documents that were requested."""
        return max(self._seen.values(), default=0)

    @property
    def columns(self) -> dict[Key, DocumentValues]:
        """Pipeline by pipeline, each metric's values in document order."""
        return {
            key: DocumentValues(column.doc_ids, column.variants, column.values)
            for of_filter in self._columns.values()
            for key, column in of_filter.items()
        }

    @property
    def graded(self) -> int:
        """Number of documents that were graded."""
        return max(self._graded.values(), default=0)

    @property
    def failed(self) -> UngradedDocuments | None:
        """What could not be graded, if anything."""
        if not self._first:
            return None
        return UngradedDocuments(self.name, len(self._bad - {None}), self.requested, tuple(self._first))


def failure_report(failed: UngradedDocuments) -> str:
    """What could not be graded, one line each, under one that says what that means for the scores."""
    lines = []
    if failed.documents:
        left = failed.requested - failed.documents
        lines.append(
            f"Task '{failed.task}': {failed.documents} of {counted(failed.requested, 'document')} could not be scored; "
            + (f"its scores are those of the {counted(left, 'other')}." if left else "it has no scores.")
        )
    else:
        lines.append(f"Task '{failed.task}' lacks some of its scores:")
    for finding in failed.first:
        place = "" if finding.doc_id is None else f"document {finding.doc_id}, "
        lines.append(f"  {place}filter {finding.filter}: {finding.why}")
    if failed.documents > len(failed.first):
        lines.append(f"  and {counted(failed.documents - len(failed.first), 'more document')}")
    return "\n".join(lines)


def facts_of(failed: Iterable[UngradedDocuments]) -> Mapping[str, Any]:
    """What the results file says of documents that could not be graded, under ``failed``."""
    by_task = {
        one.task: {
            "documents": one.documents,
            "of": one.requested,
            "first": [
                {"doc_id": finding.doc_id, "filter": finding.filter, "error": finding.why} for finding in one.first
            ],
        }
        for one in failed
    }
    return {"failed": by_task} if by_task else {}
