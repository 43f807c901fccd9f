"""One task of one run as columns: what each metric gave for each document, without the samples themselves."""

# Samples are large (a five-shot prompt for each option), and an analysis needs a number of each. So a task is read
# once, sample by sample, and what stays is a number for each document, metric and filter, with what pairs and groups
# documents. At no time is more than one sample of a run in memory.
#
# Which numbers a metric's score is a mean of cannot be known from its name. So the mean is compared with the score in
# the results file. Where they differ, the score is a statistic of all documents, and no test by documents is made of
# it; perplexities, of which it is known how they follow from documents, have columns of their own (corpus_statistics).

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from proctor.analysis.clusters import column_value
from proctor.analysis.corpus_statistics import STATISTICS, Row, row_of
from proctor.analysis.stored_formulations import FORMULATION_METRICS, formulation_values
from proctor.analysis.stored_orders import ORDER_METRICS, order_values
from proctor.errors import DataError, UsageError
from proctor.results.stored_run import Identity, Sample, StoredRun, number_of

Metric: TypeAlias = tuple[str, str]
"""The name of a metric and that of a filter."""

_TOLERANCE = 1e-6
"""By how much a mean of documents may differ from the score of the results file: a sum in another order."""


@dataclass(slots=True)
class Document:
    """One document of a task."""

    doc_id: int
    prompt: str | None
    """SHA-256 of its prompt; None where the file does not have it."""
    cluster: Hashable = None
    cell: str | None = None
    """What it has in the column by which scores are divided; None: it lacks the column, or nobody asks."""


@dataclass(slots=True)
class TaskScores:
    """The documents of a task with their scores.

    Attributes:
        task: Its name.
        documents: In the order of the file.
        scores: By metric and filter the finite score of each document that has one.
        rows: By metric and filter, of perplexities what each document adds to them.
        not_finite: By metric and filter, how many scores are NaN or infinite; these are in no column.
        unscored: Documents without any metric: their scoring failed.
        hashed: Whether documents are identified by their text.
        clustered: Whether documents have clusters.
        guessed: What documents of a cluster have in common, where nobody named it.
        divided: Whether documents have values in the column by which scores are divided.
        without_cluster: Why documents have no clusters where a column was named; None: they have, or none was.
        without_column: Why documents have no value in the column by which scores are divided; None: they have.
    """

    task: str
    documents: dict[Identity, Document] = field(default_factory=dict)
    scores: dict[Metric, dict[Identity, float]] = field(default_factory=dict)
    rows: dict[Metric, dict[Identity, Row]] = field(default_factory=dict)
    not_finite: dict[Metric, int] = field(default_factory=dict)
    unscored: int = 0
    hashed: bool = True
    clustered: bool = False
    guessed: str | None = None
    divided: bool = False
    without_cluster: UsageError | None = None
    without_column: UsageError | None = None

    def mean(self, metric: Metric) -> float | None:
        """The mean score of the documents; None without any.

        Args:
            metric: Metric and filter.
        """
        column = self.scores.get(metric)
        return math.fsum(column.values()) / len(column) if column else None


def read_task(
    run: StoredRun,
    task: str,
    *,
    cluster: str | None = None,
    by: str | None = None,
    metric: str | None = None,
    visit: Callable[[Sample], None] | None = None,
) -> TaskScores:
    """Read a task's samples into columns.

    Args:
        run: The run.
        task: One of its tasks.
        cluster: A column of the documents, or a template, whose equal values make a cluster.
        by: A column, or a template, by which scores are divided. A task that lacks it has no values of it.
        metric: What a user named; a score of other orders or formulations is looked up in their lines.
        visit: Called with each sample, for what else is to be found in it.

    Raises:
        DataError: The samples file cannot be read.
        UsageError: Documents have such a cluster in part, or what names it is no column or template.
    """
    found = TaskScores(task, clustered=cluster is not None)
    for sample in run.samples(task):
        _add(found, sample)
        if sample.identity not in found.documents:
            document = found.documents[sample.identity] = Document(sample.doc_id, sample.prompt_hash)
            if cluster is not None and found.clustered:
                _put_cluster(found, document, sample, cluster)
            if by is not None and found.without_column is None:
                _put_cell(found, document, sample, by)
        if visit is not None:
            visit(sample)
    wanted = parse_metric(metric)
    if wanted is not None and wanted[0] in ORDER_METRICS:
        for (pipeline, identity), value in order_values(run, task, wanted[0]).items():
            found.scores.setdefault((wanted[0], pipeline), {})[identity] = value
    elif wanted is not None and wanted[0] in FORMULATION_METRICS:
        for (pipeline, identity), value in formulation_values(run, task, wanted[0]).items():
            found.scores.setdefault((wanted[0], pipeline), {})[identity] = value
    found.divided = by is not None and bool(found.documents) and found.without_column is None
    return found


def _put_cluster(found: TaskScores, document: Document, sample: Sample, cluster: str) -> None:
    try:
        document.cluster = column_value(sample.line.get("doc"), cluster, found.task)
    except UsageError as error:
        if len(found.documents) > 1 or "{{" in str(error.message):
            raise
        found.clustered, found.without_cluster = False, error


def _put_cell(found: TaskScores, document: Document, sample: Sample, by: str) -> None:
    try:
        document.cell = column_value(sample.line.get("doc"), by, found.task, "--by")
    except UsageError as error:
        # The first document stands for all of its task: data sets have one set of columns.
        if len(found.documents) == 1:
            found.without_column = error


def _add(found: TaskScores, sample: Sample) -> None:
    found.hashed = found.hashed and sample.hashed
    if not sample.metrics:
        found.unscored += 1
    for name, value in sample.metrics.items():
        metric = name, sample.filter
        if name in STATISTICS:
            row = row_of(name, value)
            if row is not None:
                found.rows.setdefault(metric, {})[sample.identity] = row
            continue
        number = number_of(value)
        if number is None:
            continue
        if math.isfinite(number):
            found.scores.setdefault(metric, {})[sample.identity] = number
        else:
            found.not_finite[metric] = found.not_finite.get(metric, 0) + 1


def statistics_of_documents(run: StoredRun, scores: TaskScores) -> Iterator[Metric]:
    """The perplexities that follow from what the samples have, in the order of the results file.

    Args:
        run: The run.
        scores: One of its tasks.
    """
    reported = run.scores(scores.task)
    for metric in dict.fromkeys((*reported, *scores.rows)):
        rows = scores.rows.get(metric)
        if rows:
            value = STATISTICS[metric[0]](list(rows.values()))
            if math.isfinite(value) and math.isclose(value, reported.get(metric, value), rel_tol=_TOLERANCE):
                yield metric


def document_count(run: StoredRun, task: str) -> int | None:
    """How many documents of a task were evaluated, as the results file says; None where it does not.

    Args:
        run: The run.
        task: One of its tasks.
    """
    count = run.section("n-samples", task).get("effective")
    return count if type(count) is int and count > 0 else None


def has_more(scores: TaskScores, count: int | None) -> bool:
    """Whether a metric has more values than documents were counted; one that failed has none and is not counted.

    Args:
        scores: The task.
        count: How many documents the results file counts; None: it does not.
    """
    sizes = [len(column) + scores.not_finite.get(metric, 0) for metric, column in scores.scores.items()]
    return count is not None and max(sizes, default=0) > count


def metrics_of_documents(run: StoredRun, scores: TaskScores) -> Iterator[Metric]:
    """The metrics whose score is the mean of the documents' scores, in the order of the results file.

    Args:
        run: The run.
        scores: One of its tasks.
    """
    reported = run.scores(scores.task)
    if has_more(scores, document_count(run, scores.task)):
        return
    for metric in dict.fromkeys((*reported, *scores.scores)):
        mean = scores.mean(metric)
        if mean is None:
            continue
        # Documents that are not finite make the reported score so, too: then it is not among those of the file.
        expected = reported.get(metric, mean)
        if abs(mean - expected) <= _TOLERANCE * max(1.0, abs(expected)):
            yield metric


def parse_metric(text: str | None) -> tuple[str, str | None] | None:
    """``acc`` or ``exact_match,flexible-extract``: a metric, and a filter where one is named.

    Args:
        text: What a user wrote; None: nothing.

    Raises:
        UsageError: It is empty.
    """
    if text is None:
        return None
    name, comma, pipeline = text.partition(",")
    if not name.strip() or (comma and not pipeline.strip()):
        raise UsageError(f"--metric {text!r}: a metric is named as in 'acc' or 'exact_match,flexible-extract'.")
    return name.strip(), pipeline.strip() if comma else None


def fits(metric: Metric, wanted: tuple[str, str | None] | None) -> bool:
    """Whether a metric is the one that a user named; any is where none was.

    Args:
        metric: Metric and filter.
        wanted: Of :func:`parse_metric`.
    """
    return wanted is None or (metric[0] == wanted[0] and wanted[1] in (None, metric[1]))


def name_of(metric: Metric) -> str:
    """``acc`` or ``exact_match,strict-match``.

    Args:
        metric: Metric and filter.
    """
    return metric[0] if metric[1] == "none" else ",".join(metric)


def check_identities(a: TaskScores, b: TaskScores) -> None:
    """Refuse documents that were changed between two runs: the same number, two texts, each in one run only.

    Numbers that only moved (another order, documents left out) are no matter: pairs are found by text.

    Args:
        a: A task of one run.
        b: The same task of another.

    Raises:
        DataError: There is such a document.
    """
    if not (a.hashed and b.hashed):
        return
    numbers = {document.doc_id: identity for identity, document in b.documents.items()}
    for identity, document in a.documents.items():
        other = numbers.get(document.doc_id)
        if other is not None and identity not in b.documents and other not in a.documents:
            raise DataError(
                f"Task '{a.task}', document {document.doc_id}: the two runs were asked different documents under one "
                f"number (doc_hash {str(identity[0])[:8]} and {str(other[0])[:8]}).",
                hint="Another version of the data set, or process_docs, made them different. --by_number pairs them "
                "all the same.",
            )


def known_metrics(names: Collection[str]) -> str:
    """Which metrics there are, for an error about another one: ``The metrics are acc and acc_norm.``

    Args:
        names: Their names.
    """
    *first, last = names or ("",)
    if first:
        return f"The metrics are {', '.join(first)} and {last}."
    return f"The only metric is {last}." if last else "There are no scores."
