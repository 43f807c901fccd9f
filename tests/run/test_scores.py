"""What stays of records: values by document in the order of pipelines, and what could not be graded."""

from __future__ import annotations

import math

import pytest

from proctor.records import DocumentError, Record
from proctor.run.scores import SHOWN, MetricValues, facts_of, failure_report


def record(doc_id, name="none", error=None, variant=0, **metrics):
    return Record("t", doc_id, {}, "", (), (), (), name, metrics, error, variant)


def test_values_stand_pipeline_by_pipeline_whatever_order_records_come_in():
    whole = [record(0, acc=1), record(1, acc=0), record(0, "last", f1=2), record(1, "last", f1=3, late=4)]
    in_windows = [whole[0], whole[2], whole[1], whole[3]]
    for records in (whole, in_windows):
        columns = MetricValues("t", records).columns
        assert [(key, column.values) for key, column in columns.items()] == [
            (("acc", "none"), [1, 0]),
            (("f1", "last"), [2, 3]),
            (("late", "last"), [4]),
        ]


def test_each_value_stands_with_its_document():
    records = [record(3, acc=1, f1=0.5), record(4, error="no"), record(5, acc=0), record(7, acc=1, f1=math.nan)]
    columns = MetricValues("t", records).columns
    assert (columns["acc", "none"].doc_ids, columns["acc", "none"].values) == ([3, 5, 7], [1, 0, 1])
    rare = columns["f1", "none"]
    assert (rare.doc_ids, len(rare)) == ([3, 7], 2)
    assert rare.where(math.isnan) == [7]
    assert rare.where(lambda value: value > 1) == []


def test_further_variants_stand_in_the_columns_and_count_as_no_documents():
    records = [record(i, variant=variant, acc=i + variant / 10) for variant in (0, 1) for i in (0, 1)]
    metric_values = MetricValues("t", [*records, record(2, error="no"), record(1, variant=2, error="no", acc=1)])
    column = metric_values.columns["acc", "none"]
    assert (column.doc_ids, column.variants, column.values) == ([0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 0.1, 1.1])
    canonical = column.canonical
    assert (canonical.doc_ids, canonical.values) == ([0, 1], [0, 1])
    assert canonical.canonical is canonical
    assert (metric_values.requested, metric_values.graded) == (3, 2)
    assert metric_values.failed is not None
    assert (metric_values.failed.documents, metric_values.failed.requested) == (1, 3)


def test_documents_that_were_graded_in_another_order_are_put_into_that_of_the_split():
    values = MetricValues("t", [record(7, acc=7), record(2, acc=2), record(2, variant=1, acc=20), record(5, acc=5)])
    values.sort_documents()
    column = values.columns["acc", "none"]
    assert (column.doc_ids, column.variants, column.values) == ([2, 2, 5, 7], [0, 1, 0, 0], [2, 20, 5, 7])
    assert column.canonical.values == [2, 5, 7]


def test_a_metric_that_shows_late_still_stands_with_its_pipeline():
    columns = MetricValues("t", [record(0, acc=1), record(0, "last", acc=1), record(1, acc=1, rare=5)]).columns
    assert list(columns) == [("acc", "none"), ("rare", "none"), ("acc", "last")]


def test_documents_with_a_error_are_counted_once_and_told():
    records = [record(i, name, error="no" if i % 2 else None) for name in ("none", "last") for i in range(20)]
    metric_values = MetricValues("t", records)
    assert metric_values.graded == 10
    failed = metric_values.failed
    assert failed is not None
    assert (failed.task, failed.documents, failed.requested, len(failed.first)) == ("t", 10, 20, SHOWN)
    lines = failure_report(failed).splitlines()
    assert lines[0] == "Task 't': 10 of 20 documents could not be scored; its scores are those of the 10 others."
    assert lines[1] == "  document 1, filter none: no"
    assert lines[-1] == "  and 5 more documents"
    facts = facts_of([failed])["failed"]["t"]
    assert (facts["documents"], facts["of"]) == (10, 20)
    assert facts["first"][0] == {"doc_id": 1, "filter": "none", "error": "no"}


def test_nothing_failed_and_nothing_is_told():
    assert MetricValues("t", [record(0, acc=1)]).failed is None
    assert facts_of([]) == {}


def test_no_scores_at_all_is_said():
    failed = MetricValues("t", [record(0, error="no")]).failed
    assert failed is not None
    assert "1 of 1 document could not be scored; it has no scores." in failure_report(failed)


def test_a_score_that_does_not_come_about_is_no_document_s_error():
    metric_values = MetricValues("t", [record(0, acc=1)])
    metric_values.note(DocumentError("t", None, "none", "acc has no score: ValueError: x"))
    failed = metric_values.failed
    assert failed is not None
    assert failed.documents == 0
    assert (
        failure_report(failed) == "Task 't' lacks some of its scores:\n  filter none: acc has no score: ValueError: x"
    )


@pytest.mark.parametrize("order", [("none", "strict"), ("strict", "none")])
def test_documents_are_counted_from_the_pipeline_that_graded_most(order):
    bad = {"none": {1}, "strict": {0, 1, 2, 3, 4, 5}}
    records = [record(i, name, error="no" if i in bad[name] else None, acc=1) for name in order for i in range(8)]
    metric_values = MetricValues("t", records)
    assert metric_values.graded == 7
    assert metric_values.failed is not None
    assert (metric_values.failed.documents, metric_values.failed.requested) == (6, 8)


@pytest.mark.parametrize("order", [("none", "strict"), ("strict", "none")])
def test_documents_that_were_asked_are_those_of_the_pipeline_that_got_most(order):
    got = {"none": 8, "strict": 2}
    records = [record(i, name, error="no" if i == 0 else None, acc=1) for name in order for i in range(got[name])]
    failed = MetricValues("t", records).failed
    assert failed is not None
    assert (failed.documents, failed.requested) == (1, 8)
