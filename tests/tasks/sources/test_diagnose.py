"""A file that cannot be read: the message has its name, the line and the remedy."""

from __future__ import annotations

import pytest

from proctor.errors import DataError
from proctor.tasks.sources.diagnose import diagnose


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.json", '[{"q": "a"},\n{"q": "b"},\n]', r"x.json, line [23]: this is not valid JSON.*\n.*take it away"),
        ("x.jsonl", '{"q": "a"},\n{"q": "b"},\n', r"x.jsonl, line 1: .*\n.*without a comma after it"),
        ("x.jsonl", '{"q": "a"}\n{"q": "b" "a": 2}\n', r"x.jsonl, line 2: this is not valid JSON: Expecting ','"),
        ("x.jsonl", '{"q": "a"}\n{"q": "b"\n', "x.jsonl, line 2: this is not valid JSON"),
        ("x.csv", "q,a\nx,1\ny,2,3\n", r"x.csv, line 3: the row has 3 cells, but the header 2.\n.*in quotes"),
        ("x.csv", 'q,a\n"x,1\ny,2\n', r"the row that begins on line 2 is not valid CSV.*\n.*written twice"),
    ],
)
def test_file_line_and_remedy(rows, write, name, text, said):
    write(name, text)
    with pytest.raises(DataError, match=said):
        rows(name)


def test_a_wrong_builder_is_guessed_from_the_name(rows, write):
    write("x.csv", "q,a\nx,1\n")
    with pytest.raises(DataError, match=r"x.csv, line 1.*\n.*name says csv"):
        rows("json", {"data_files": "x.csv"})


def test_the_name_is_the_users_where_a_copy_was_read(rows, write):
    file = write("x.jsonl", '{"q": "다음 중 옳은 것은 무엇인가?"}\n{"q": "한국의 수도는" "서울이다"}\n', "cp949")
    with pytest.raises(DataError) as caught:
        rows("x.jsonl")
    assert f"{file}, line 2" in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}\n{"a": "x"}\n', "line 2: 'a' is text, but a number in line 1."),
        ('[{"a": [1]}, {"a": null}, {"a": {}}]', "row 3: 'a' is an object, but a list in row 1."),
        ('["x"]', "a row must be an object"),
        ('{"a": 1}\n{"b": 2}\n', None),
        ('{"a": 1}\n{"a": 2.5}\n', None),
    ],
)
def test_rows_that_do_not_fit_each_other(write, text, said):
    found = diagnose([("x.json", str(write("x.json", text)))], "json")
    assert (found is None) if said is None else (found is not None and said in found.message)


def test_rows_of_several_types_are_read_or_explained(rows, write):
    """Newer versions of ``datasets`` read them as they are; older ones do not read them at all."""
    write("x.jsonl", '{"q": "a", "a": 1}\n{"q": "b", "a": "x"}\n')
    try:
        outcome = [row["a"] for row in rows("x.jsonl")]
    except DataError as error:
        outcome = error.message.partition("x.jsonl, ")[2]
    assert outcome in ([1, "x"], "line 2: 'a' is text, but a number in line 1.")
