"""Files of one data set whose columns do not fit each other: which file, line, column and types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proctor.errors import DataError
from proctor.tasks.sources.columns import unlike_columns

# datasets leaves a CSV open whose reading fails.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SPLITS = [{"test": ["a", "b"]}, {"train": "a", "test": "b"}]


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps({"q": "Q", **row}) + "\n" for row in rows)


def data_files(form: dict[str, Any], suffix: str) -> dict[str, Any]:
    named = {split: [f"{one}.{suffix}" for one in files] for split, files in form.items()}
    return {"data_files": named}


@pytest.mark.parametrize("form", SPLITS, ids=["one split", "two splits"])
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (1, "x", "'n' is text, but a whole number in"),
        (1, 1.5, "'n' is a number with a fraction, but a whole number in"),
        (True, "x", "'n' is text, but true or false in"),
        (None, "x", "'n' is text, but nothing (null) in every row in"),
        ("2020-01-01", "x", "'n' is text, but a date in"),
        (1, 2**70, "'n' is a whole number of more than 64 bits, but a whole number in"),
        ([1], ["x"], "'n' is a list, each item text, but a list, each item a whole number in"),
        (["x"], "x", "'n' is text, but a list, each item text in"),
        ({"a": 1}, {"a": "x"}, "'n.a' is text, but a whole number in"),
        ({"a": 1}, {"b": 1}, "'n' is an object with 'b', but an object with 'a' in"),
        ({"a": 1}, "x", "'n' is text, but an object with 'a' in"),
    ],
)
def test_types_that_differ_between_files(splits, write, capfd, caplog, form, first, second, said):
    one, other = write("a.jsonl", lines({"n": first})), write("b.jsonl", lines({"n": None}, {"n": second}))
    with pytest.raises(DataError) as caught:
        _ = splits("json", data_files(form, "jsonl")).names
    assert caught.value.message == f"Task 'sums': {other}, line 2: {said} {one}."
    assert caught.value.hint is not None
    assert "Failed" not in "".join(capfd.readouterr()) + caplog.text


@pytest.mark.parametrize("form", SPLITS, ids=["one split", "two splits"])
@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("q,n\nQ,2\nQ,x\n", "b.csv, line 3: 'n' is text, but a whole number in"),
        ("q,m\nQ,x\n", "b.csv has the column 'm', which"),
    ],
)
def test_cells_of_csv(splits, write, form, second, said):
    write("a.csv", "q,n\nQ,1\n")
    write("b.csv", second)
    with pytest.raises(DataError) as caught:
        _ = splits("csv", data_files(form, "csv")).names
    assert said in caught.value.message


@pytest.mark.parametrize("form", SPLITS, ids=["one split", "two splits"])
def test_columns_that_one_file_alone_has(splits, write, form):
    one, other = write("a.jsonl", lines({"n": 1})), write("b.jsonl", lines({"m": 1}))
    with pytest.raises(DataError) as caught:
        _ = splits("json", data_files(form, "jsonl")).names
    assert f"{other} has the column 'm', which {one} does not have, and lacks 'n'." in caught.value.message


@pytest.mark.parametrize("form", SPLITS, ids=["one split", "two splits"])
def test_parquet(splits, tmp_path, form):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"n": [1]}), tmp_path / "a.parquet")
    parquet.write_table(pa.table({"n": ["x"]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b.parquet: 'n' is string, but int64 in .*a.parquet"):
        _ = splits("parquet", data_files(form, "parquet")).names


def test_a_folder_of_files(splits, write):
    write("data/train.jsonl", lines({"n": 1}))
    write("data/test.jsonl", lines({"n": "x"}))
    with pytest.raises(DataError, match=r"line 1: 'n' is"):
        _ = splits("data").names


@pytest.mark.parametrize(("first", "second"), [("x", 1), (1.5, 1), ("x", "2020-01-01"), (["x"], []), (1, None)])
def test_what_is_cast_is_read(splits, write, first, second):
    write("a.jsonl", lines({"n": first}))
    write("b.jsonl", lines({"n": second}))
    assert splits("json", data_files(SPLITS[1], "jsonl")).names == ("train", "test")


def test_what_cannot_be_read_again_explains_nothing(tmp_path):
    (tmp_path / "x.jsonl").write_text("[1, {]")
    file = str(tmp_path / "x.jsonl")
    assert unlike_columns([(file, file), ("no", "no")], "json") is None
    assert unlike_columns([(file, file)], "text") is None
