"""The index follows the files: what is new is read, a changed file replaces its rows alone, what has gone is out."""

from __future__ import annotations

import os
import shutil

import pytest
from stored_runs import choice_line, right_and_wrong, write_run

from proctor.view.catalog import Catalog
from proctor.view.index_file import IndexFile
from proctor.view.index_rows import FileRows
from proctor.view.indexing import Indexer, source_of


@pytest.fixture
def runs(tmp_path):
    for name in ("a", "b"):
        write_run(tmp_path / "runs" / name, {"t": right_and_wrong("1100"), "u": right_and_wrong("10")})
    return tmp_path / "runs"


@pytest.fixture
def index(tmp_path):
    return IndexFile(tmp_path / "index.sqlite")


def facts(index):
    with index.connection() as connection:
        files = connection.execute("SELECT id, run, task, problem FROM files ORDER BY id").fetchall()
        rows = connection.execute("SELECT file, count(*) FROM rows GROUP BY file ORDER BY file").fetchall()
        documents = connection.execute("SELECT count(*) FROM documents").fetchone()[0]
    return files, rows, documents


def test_documents_stand_once_however_many_runs_asked_them(runs, index):
    Indexer(Catalog([str(runs)]), index).update()
    files, rows, documents = facts(index)
    assert [count for _, count in rows] == [4, 2, 4, 2]
    # Four of one task, two of the other.
    assert (len(files), documents) == (4, 6)


def test_what_is_there_already_is_not_read_again(runs, index, monkeypatch):
    indexer = Indexer(Catalog([str(runs)]), index)
    indexer.update()
    before = facts(index)
    monkeypatch.setattr(indexer, "read", lambda *_: pytest.fail("a file was read again"))
    indexer.update()
    assert facts(index) == before
    assert all(not indexer.missing(entry) for entry in Catalog([str(runs)]).entries())


def test_a_changed_file_replaces_its_own_rows(runs, index):
    catalog = Catalog([str(runs)])
    indexer = Indexer(catalog, index)
    indexer.update()
    before = dict(facts(index)[1])
    write_run(runs / "a", {"t": right_and_wrong("11111"), "u": right_and_wrong("10")})
    changed = next((runs / "a").glob("samples_u_*"))
    os.utime(changed, ns=(1, 1))
    indexer.update()
    after = dict(facts(index)[1])
    # Numbers of files that were read again are new; the other run's are as they were.
    assert sorted(after.values()) == [2, 2, 4, 5]
    assert len(set(before) & set(after)) == 2
    assert {after[number] for number in set(before) & set(after)} == {4, 2}


def test_a_run_that_has_gone_is_taken_out_with_the_documents_that_were_its_own(runs, index):
    write_run(runs / "b", {"t": [choice_line(0, [-1, -2, -3, -4], 0, question="only b")]})
    indexer = Indexer(Catalog([str(runs)]), index)
    indexer.update()
    assert facts(index)[2] == 7
    shutil.rmtree(runs / "b")
    indexer.update()
    files, rows, documents = facts(index)
    assert (len(files), len(rows), documents) == (2, 2, 6)


def test_a_file_that_cannot_be_read_has_its_reason_and_is_read_when_it_changes(runs, index):
    broken = next((runs / "a").glob("samples_t_*"))
    whole = broken.read_text()
    broken.write_text(whole + "{half a line")
    indexer = Indexer(Catalog([str(runs)]), index)
    indexer.update()
    files, rows, _ = facts(index)
    (problem,) = [one for *_, one in files if one]
    assert "is not JSON" in problem
    assert sorted(count for _, count in rows) == [2, 2, 4]
    broken.write_text(whole)
    indexer.update()
    assert sorted(count for _, count in facts(index)[1]) == [2, 2, 4, 4]


def test_who_is_looked_at_is_read_first(runs, index, monkeypatch):
    catalog = Catalog([str(runs)])
    indexer = Indexer(catalog, index)
    order = []
    monkeypatch.setattr(indexer, "read", lambda run, source: order.append(source.run))
    last = catalog.entries()[-1].id
    indexer.prefer([last])
    indexer.update()
    assert order[:2] == [last, last]
    assert len(order) == 4


def test_a_file_that_vanished_is_not_missing_from_the_index(runs, tmp_path):
    assert source_of("a", "t", tmp_path / "none").size == -1


def test_it_works_in_the_background_and_ends(runs, index):
    indexer = Indexer(Catalog([str(runs)]), index)
    indexer.start()
    entries = Catalog([str(runs)]).entries()
    for _ in range(400):
        if not any(indexer.missing(entry) for entry in entries):
            break
        indexer._ended.wait(0.02)
    indexer.stop()
    assert not any(indexer.missing(entry) for entry in entries)
    assert not indexer._thread.is_alive()


def test_an_error_that_nobody_foresaw_is_the_problem_of_its_file_alone(runs, index, monkeypatch):
    rows = FileRows.rows

    def failing(self):
        yield from rows(self)
        if self.task == "t":
            raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(FileRows, "rows", failing)
    Indexer(Catalog([str(runs)]), index).update()
    files, counts, _ = facts(index)
    assert [problem is not None and "nobody foresaw this" in problem for *_, task, problem in files] == [
        task == "t" for _, _, task, _ in files
    ]
    assert [count for _, count in counts] == [2, 2]
