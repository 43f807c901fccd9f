"""JSON whose rows stand below a key, and ``field``."""

from __future__ import annotations

import json

import pytest

from proctor.errors import TaskError

ROWS = [{"q": "a", "g": 0}, {"q": "b", "g": 1}]


def test_a_field_that_is_there_is_read(rows, write):
    write("d.json", json.dumps({"version": 1, "data": ROWS}))
    assert rows("json", {"data_files": "d.json", "field": "data"}) == ROWS


@pytest.mark.parametrize(
    ("content", "field", "said"),
    [
        ({"version": 1, "data": ROWS}, "dta", "has no field 'dta'.*\n  Did you mean 'data'"),
        ({"data": {"items": ROWS}}, "data.items", "not a path. It has: data."),
        ({"version": "1", "data": ROWS}, "version", "the field 'version' .* is \"1\", and no rows.\n.* 'data'"),
        (ROWS, "data", "is no object, so it has no field 'data'.\n  Leave 'field' out"),
        ("text", "data", "is no object"),
        ({"a": 1, "b": 2}, "zzz", "It has: a, b."),
    ],
)
def test_a_field_that_holds_no_rows_names_what_there_is(rows, write, content, field, said):
    write("d.json", json.dumps(content))
    with pytest.raises(TaskError, match=said):
        rows("json", {"data_files": "d.json", "field": field})


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_one_object_that_holds_a_list_of_rows_is_said(splits, write, suffix):
    write(f"d.{suffix}", json.dumps({"version": 1, "few": ROWS[:1], "data": ROWS}))
    made = splits("json", {"data_files": f"d.{suffix}"})
    assert len(made.documents("train")) == 1
    [note] = made.notes
    assert "its list 'data' holds the rows (2)" in note.message
    assert "field: data" in note.message


@pytest.mark.parametrize("content", [{"q": "a", "c": ["x"]}, {"q": "a", "c": []}])
def test_a_single_row_is_no_wrapper(splits, write, content):
    write("d.json", json.dumps(content))
    made = splits("json", {"data_files": "d.json"})
    assert len(made.documents("train")) == 1
    assert not made.notes
