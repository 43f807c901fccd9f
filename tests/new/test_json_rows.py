"""JSON and JSON lines as rows."""

import json

import pytest

from proctor.errors import DataError
from proctor.new.json_rows import objects_table, read_json

ROW = {"q": "Hot?", "a": 1}


@pytest.mark.parametrize(
    ("text", "numbers", "unit"),
    [
        (json.dumps([ROW, ROW]), [1, 2], "row"),
        (json.dumps([ROW, ROW], indent=2), [1, 2], "row"),
        (json.dumps({"title": "t", "rows": [ROW]}), [1], "row"),
        (json.dumps(ROW) + "\n\n" + json.dumps(ROW) + "\n", [1, 3], "line"),
        (json.dumps({"q": ["Hot?"], "a": [1]}), [1], "row"),
        (json.dumps({"q": {"0": "Hot?"}, "a": {"0": 1}}), [1], "row"),
        (json.dumps({"x1": ROW, "x2": ROW}), [1, 2], "row"),
        (json.dumps(ROW), [1], "row"),
    ],
)
def test_every_shape_gives_rows(text, numbers, unit):
    table = read_json("t.json", text)
    assert [row.number for row in table.rows] == numbers
    assert table.unit == unit
    assert (table.values("q")[0], table.values("a")[0]) == ("Hot?", 1)


def test_a_key_that_a_row_lacks_is_empty():
    table = read_json("t.jsonl", '{"q": 1}\n{"a": 2}\n')
    assert table.columns == ("q", "a")
    assert [row.cells for row in table.rows] == [(1, None), (None, 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds nothing"),
        ('{"q": 1}\n{"q": 2,}\n', r"t\.json, line 2: this is not valid JSON"),
        ('[\n{"q": 1},\n{"q": }\n]', r"line 3: this is not valid JSON"),
        ("[1, 2]", r"row 1: a row must be an object"),
        ('{"q": 1}\n[2]\n', r"line 2: a row must be an object"),
        ("7", "no list of objects"),
        ('{"a": {"b": 1}, "c": 2}', "none of them is a list of objects"),
        ("[" * 100_000, "not valid JSON|nests too deep"),
    ],
)
def test_what_has_no_rows_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        read_json("t.json", text)


def test_a_table_of_objects():
    table = objects_table("t", [(5, {"a": [1]})], "row", ("n",))
    assert (table.place(table.rows[0], "a"), table.notes) == ("row 5, column 'a'", ("n",))
