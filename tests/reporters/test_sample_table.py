"""Samples as a table: the worst first, at most a thousand, texts that every tracker takes."""

from __future__ import annotations

import json

from stored_runs import STAMP, choice_line, text_line

from proctor.reporters.sample_table import LONGEST, MOST_ROWS, sample_table, shortened
from proctor.results.open_runs import open_path


def table_of(tmp_path, lines, **document):
    content = {"results": {"quiz": {"acc,none": 0.5}}, "configs": {"quiz": {}}, **document}
    (tmp_path / f"results_{STAMP}.json").write_text(json.dumps(content))
    (tmp_path / f"samples_quiz_{STAMP}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return sample_table(open_path(tmp_path).runs[0], "quiz")


def rows_of(table):
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_wrong_ones_first_then_the_order_of_the_file(tmp_path):
    table = table_of(tmp_path, [choice_line(i, [-1.0, -2.0, -3.0, -4.0], i % 2) for i in range(4)])
    rows = rows_of(table)
    assert [row["doc_id"] for row in rows] == [1, 3, 0, 2]
    assert [row["acc"] for row in rows] == [0.0, 0.0, 1.0, 1.0]
    assert rows[0]["question"] == "Question 1?\nAnswer:"
    assert (rows[0]["target"], rows[0]["answer"]) == ("1. two", "0. one")
    assert rows[0]["options"] == "0. one\n1. two\n2. three\n3. four"
    assert round(rows[0]["p"], 3) == 0.644
    assert (table.total, table.note) == (4, None)


def test_documents_without_a_score_come_before_all_others(tmp_path):
    lines = [choice_line(i, [-1.0, -2.0, -3.0, -4.0], 1) for i in range(3)]
    lines[2] |= {"error": "no key 'x'", "metrics": []}
    first = rows_of(table_of(tmp_path, lines))[0]
    assert (first["doc_id"], first["error"], first["acc"]) == (2, "no key 'x'", None)


def test_a_thousand_of_many(tmp_path):
    lines = [choice_line(i, [-1.0, -2.0, -3.0, -4.0], int(i == 1500)) for i in range(1600)]
    table = table_of(tmp_path, lines)
    assert len(table.rows) == MOST_ROWS
    assert rows_of(table)[0]["doc_id"] == 1500
    assert table.note == "1,000 of 1,600 samples, the worst first"


def test_where_less_is_better_the_largest_is_the_worst(tmp_path):
    lines = [text_line(i, "a", "b", score) for i, score in enumerate((0.5, 9.0, 1.0))]
    name = lines[0]["metrics"][0]
    table = table_of(tmp_path, lines, higher_is_better={"quiz": {name: False}})
    assert [row["doc_id"] for row in rows_of(table)] == [1, 2, 0]
    assert rows_of(table)[0]["answer"] == "b"


def test_metrics_that_are_no_numbers_keep_the_order(tmp_path):
    lines = [text_line(i, "a", "b", 1.0) for i in range(3)]
    name = lines[0]["metrics"][0]
    for line in lines:
        line[name] = [-3.5, 7]
    assert [row["doc_id"] for row in rows_of(table_of(tmp_path, lines))] == [0, 1, 2]


def test_a_run_without_samples_has_no_table(tmp_path):
    (tmp_path / f"results_{STAMP}.json").write_text(json.dumps({"results": {"quiz": {"acc,none": 0.5}}}))
    assert sample_table(open_path(tmp_path).runs[0], "quiz") is None


def test_texts_are_shortened_and_can_be_written():
    assert shortened("a" * 9000, end=True) == "... " + "a" * LONGEST
    assert shortened("b" * 9000) == "b" * LONGEST + " ..."
    assert shortened("한\0\ud800") == "한\ufffd?"
