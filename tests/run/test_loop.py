"""Requests are sent and graded chunk by chunk: records, documents that fail, and the first of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from dummy_runs import run

from proctor.errors import TaskError
from proctor.records import Record
from proctor.run.loop import RecordSink


def test_records_are_kept_where_they_are_asked_for(exam, tmp_path):
    assert run(exam, "one").records == {}
    assert [
        record.doc_id for record in run(exam, "one", log_samples=True, output_path=str(tmp_path)).records["one"]
    ] == [*range(4)]


def test_documents_that_cannot_be_graded_are_told_and_the_run_goes_on(shaky, tmp_path, caplog):
    result = run(shaky, "one", "two", output_path=str(tmp_path / "out"), log_samples=True)
    one, two = result.tasks
    assert (one.values["m", "none"].value, one.sample_len, one.n_effective, one.n_original) == (1.0, 18, 18, 20)
    assert two.sample_len == 20
    [failed] = result.failed
    assert (failed.task, failed.documents, failed.requested) == ("one", 2, 20)
    assert [finding.doc_id for finding in failed.first] == [2, 4]
    assert "AssertionError: odd one" in failed.first[0].why
    assert result.extra["proctor"]["failed"]["one"]["documents"] == 2
    assert [record.doc_id for record in result.records["one"] if record.error] == [2, 4]
    assert "2 of 20 documents could not be scored; its scores are those of the 18 others." in caplog.text


def test_fail_fast_stops_at_the_first(shaky):
    with pytest.raises(TaskError, match="odd one"):
        run(shaky, "one", "two", fail_fast=True)


def record(task, doc_id, name):
    return Record(task, doc_id, {}, "", (), (), (), name, {})


def test_records_stand_filter_by_filter_whatever_chunk_they_come_from():
    sink = RecordSink(["one", "two"], None)
    # Two chunks: within each, filter by filter.
    for doc_id, name in [(0, "a"), (1, "a"), (0, "b"), (1, "b"), (2, "a"), (2, "b")]:
        sink.take(record("one", doc_id, name))
    found = [(one.filter, one.doc_id) for one in sink.records["one"]]
    assert found == [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("b", 2)]
    assert sink.records["two"] == []
    with pytest.raises(KeyError):
        sink.take(record("three", 0, "a"))


def test_records_of_a_run_that_keeps_none_go_to_its_file_alone():
    written = []
    sink = RecordSink([], SimpleNamespace(write=written.append))
    sink.take(one := record("one", 0, "a"))
    assert (written, sink.records) == ([one], {})
