"""Texts that data sets turn into points in time."""

import json

import pytest

from proctor.errors import DataError
from proctor.new.documents import NewDocument
from proctor.new.times import are_times, without_times


def document(options=("a", "b"), question="When?", **others):
    return NewDocument("1", "line 2", 2, "", question, options, (0,), None, None, others)


@pytest.mark.parametrize("text", ["1592-04-13", "2024-01-02T03:04", "2024-01-02 03:04:05.6", "2024-01-02T03:04:05Z"])
def test_what_looks_like_a_time(text):
    assert are_times([text, None])
    assert not are_times([text, "soon"])
    assert not are_times([text, ""])


@pytest.mark.parametrize("text", ["1592", "13/04/1592", "1592-4-13", "2024-01-02 is a day", 7])
def test_what_does_not(text):
    assert not are_times([text])
    assert not are_times([])


def test_a_data_set_does_so(tmp_path):
    datasets = pytest.importorskip("datasets")
    file = tmp_path / "t.jsonl"
    file.write_text("\n".join(json.dumps({"choices": ["1592-04-13", "1636-12-08"]}) for _ in range(2)))
    rows = datasets.load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))
    assert str(rows[0]["choices"][0]) == "1592-04-13 00:00:00"


def test_a_column_of_times_in_any_file_is_left_out_and_said():
    given = {None: {"test": (document(day="2024-01-02", note="x"),), "dev": (document(day="", note="y"),)}}
    kept, notes = without_times(given, "t.csv")
    assert [one.others for many in kept[None].values() for one in many] == [{"note": "x"}, {"note": "y"}]
    assert notes == ("left out of the data, because all of it is dates, which data sets rewrite: 'day'",)
    assert without_times({None: {"test": (document(note="x"),)}}, "t.csv")[1] == ()


def test_options_that_are_all_times_are_refused():
    dates = document(("1592-04-13", "1636-12-08"))
    with pytest.raises(DataError, match="all options are dates such as '1592-04-13'"):
        without_times({None: {"test": (dates, dates)}}, "t.csv")
    without_times({None: {"test": (dates, document())}}, "t.csv")
