"""Rows of a samples file: what was picked and scored, and where the sample lies."""

from __future__ import annotations

import json

import pytest
from stored_runs import choice_line, text_line, write_run

from proctor.errors import DataError
from proctor.html_report.cells import NONE, State
from proctor.results.choice_view import choice_view
from proctor.results.open_runs import open_runs
from proctor.view.index_rows import COLUMNS, FileRows, fold, is_row_of, shown_hash


def rows_of(folder, lines, task="t", **more):
    write_run(folder, {task: lines}, **more)
    run = open_runs([str(folder)]).runs[0]
    return FileRows(run, task, run.samples_files[task])


def as_dicts(rows):
    return [dict(zip(COLUMNS, row.values, strict=True)) for row in rows.rows()]


def test_a_choice(tmp_path):
    file = rows_of(tmp_path, [choice_line(3, [-2.0, -0.5, -3.0, -4.0], 1), choice_line(4, [-0.1, -2, -3, -4], 2)])
    first, second = as_dicts(file)
    assert (first["doc"], first["state"], first["score"], first["gold"], first["picked"]) == (3, State.RIGHT, 1.0, 1, 1)
    assert first["p"] == first["p_gold"] == pytest.approx(0.75, abs=0.05)
    assert first["margin"] == pytest.approx(1.5)
    assert (second["state"], second["picked"], second["gold"]) == (State.WRONG, 0, 2)
    assert second["p"] > second["p_gold"]
    assert (first["golds"], len(first["steps"]), file.labels) == (None, 4, ("A", "B", "C", "D"))
    assert json.loads(file.metrics()) == {"main": 0, "filters": [["none", ["acc"]]]}


def test_the_offset_is_where_the_line_begins(tmp_path):
    file = rows_of(tmp_path, [choice_line(i, [-1, -2, -3, -4], 0, question=f"서울 {i}?") for i in range(5)])
    data = file.file.read_bytes()
    for row in as_dicts(file):
        line = json.loads(data[row["offset"] : row["offset"] + row["length"]])
        assert (line["doc_id"], line["doc_hash"][:16]) == (row["doc"], row["hash"])


def test_in_a_compressed_file_a_sample_has_a_number_and_no_offset(tmp_path):
    file = rows_of(tmp_path, [choice_line(i, [-1, -2, -3, -4], 0) for i in range(2)], compress=True)
    assert [(row["number"], row["offset"]) for row in as_dicts(file)] == [(1, None), (2, None)]


def test_a_written_text_has_no_pick_and_the_first_filter_of_the_results_is_the_main_one(tmp_path):
    lines = [text_line(i, "so 4", answer, score, name=name) for name, answer, score in
             (("strict", "[invalid]", 0.0), ("flexible", "4", 1.0)) for i in range(2)]  # fmt: skip
    file = rows_of(tmp_path, lines)
    rows = as_dicts(file)
    assert [row["state"] for row in rows] == [State.UNREAD, State.UNREAD, State.RIGHT, State.RIGHT]
    assert {(row["picked"], row["p"], row["margin"], row["gold"]) for row in rows} == {(NONE, None, None, NONE)}
    assert [row["filter"] for row in rows] == [0, 0, 1, 1]
    # The results file has "flexible" first.
    assert json.loads(file.metrics())["main"] == 1


def test_equal_documents_are_counted_and_documents_without_hashes_go_by_number(tmp_path):
    line = choice_line(0, [-1, -2, -3, -4], 0, question="same")
    twice = as_dicts(rows_of(tmp_path / "a", [line, line | {"doc_id": 1}]))
    assert [row["nth"] for row in twice] == [0, 1]
    old = as_dicts(rows_of(tmp_path / "b", [choice_line(7, [-1, -2, -3, -4], 0, style="old")]))
    assert (old[0]["hash"], shown_hash(old[0]["hash"])) == ("#7", None)


def test_several_right_options_and_numbers_that_are_none(tmp_path):
    lines = [choice_line(0, [-1, -2, -3, -4], 0) | {"target": "[0, 2]"}, choice_line(1, [float("nan")] * 4, 0)]
    first, second = as_dicts(rows_of(tmp_path, lines))
    assert json.loads(first["golds"]) == [0, 2]
    assert (second["picked"], second["p"], second["margin"], second["best"]) == (NONE, None, None, NONE)


def test_a_sample_is_the_one_of_its_row_only_with_number_hash_and_texts(tmp_path):
    file = rows_of(tmp_path, [choice_line(0, [-1, -2, -3, -4], 0)])
    (row,) = file.rows()
    known = dict(zip(COLUMNS, row.values, strict=True)) | {"key": row.words.key("t")}
    sample = next(file.run.samples("t"))
    view = choice_view(sample, file.run.config("t"))
    assert is_row_of("t", sample, view, known)
    for name, value in (("doc", 1), ("hash", "0" * 16), ("key", b"other")):
        assert not is_row_of("t", sample, view, known | {name: value})
    assert not is_row_of("u", sample, view, known)


def test_a_line_that_is_no_json_is_an_error(tmp_path):
    file = rows_of(tmp_path, [choice_line(0, [-1, -2, -3, -4], 0)])
    file.file.write_text("{")
    with pytest.raises(DataError, match="Line 1 of"):
        list(file.rows())


def test_folding_composes_and_ignores_case():
    assert fold("서울 STRASSE") == fold("서울 straße")
