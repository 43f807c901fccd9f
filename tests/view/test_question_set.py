"""The columns of the page over the server are those of a report of the same runs."""

from __future__ import annotations

import struct

import pytest
from stored_runs import choice_line, right_and_wrong, text_line, write_run

from proctor.analysis.audit import audit_run
from proctor.html_report.collect import Collector
from proctor.html_report.columns import ColumnBuffer
from proctor.html_report.page_data import page_columns
from proctor.html_report.spool import Spool
from proctor.view.catalog import Catalog
from proctor.view.index_file import IndexFile
from proctor.view.indexing import Indexer
from proctor.view.question_set import lines, matching, question_set, version_of
from proctor.view.row_query import files_of


@pytest.fixture
def indexed(tmp_path):
    group = {"group_subtasks": {"exam": ["one", "two"]}}
    extra = [choice_line(9, [-1, -2, -3, -4], 0, question="only in b?", texts=("서울", "b", "c", "d"))]
    texts = [text_line(i, "so 4", "4", 1.0) for i in range(3)]
    write_run(
        tmp_path / "a", {"one": right_and_wrong("1101" * 5), "two": right_and_wrong("01"), "sums": texts}, **group
    )
    write_run(tmp_path / "b", {"one": right_and_wrong("0111" * 5) + extra, "two": right_and_wrong("11")}, **group)
    catalog = Catalog([str(tmp_path)])
    index = IndexFile(tmp_path / "i.sqlite")
    Indexer(catalog, index).update()
    entries = sorted(catalog.entries(), key=lambda entry: entry.run.source)
    runs = [entry.run for entry in entries]
    with index.connection() as connection:
        yield connection, runs, [files_of(connection, entry.id, entry.run.tasks) for entry in entries]


def test_they_are_those_of_a_report(indexed):
    connection, runs, files = indexed
    made = question_set(connection, runs, files)
    with Spool() as spool:
        collector = Collector(spool)
        for place, run in enumerate(runs):
            audit_run(run, watcher=collector.watch(place, run))
    buffer = ColumnBuffer()
    layout = page_columns(2, collector.tasks, buffer)
    columns = dict(made.info["columns"])
    start = columns.pop("length")
    assert columns == layout
    assert made.columns[:start] == buffer.bytes()
    assert [(task["name"], task["n"], task["group"]) for task in made.info["tasks"]] == [
        ("one", 21, "exam"), ("two", 2, "exam"), ("sums", 3, "")
    ]  # fmt: skip
    lengths = struct.unpack("<26I", made.columns[start : start + 104])
    assert lengths[20] == len("only in b?")


def test_texts_by_place(indexed):
    connection, runs, files = indexed
    made = question_set(connection, runs, files)
    assert list(lines(connection, [made.documents[20], made.documents[0]], 6)) == ["only i", "Questi"]
    assert list(lines(connection, [made.documents[20]], None)) == ["only in b?"]
    assert matching(connection, made, ("서울",)) == [20]
    assert matching(connection, made, ("서울", "only")) == [20]
    assert matching(connection, made, ("question 1?",)) == [1, 22]
    assert matching(connection, made, ()) == list(range(26))


def test_a_version_is_of_one_state_of_the_files(indexed):
    _, _, files = indexed
    assert version_of(files) == version_of(files) != version_of(files[:1])
