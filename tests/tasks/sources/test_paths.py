"""Which files a task means: beside its file, under names as macOS and Windows write them, and what is not there."""

from __future__ import annotations

import json
import os
import unicodedata

import pytest

from proctor.errors import DataError, TaskError

ROWS = [{"q": "a", "n": 1}, {"q": "b", "n": 0}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.parametrize(("there", "asked"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_korean_names_composed_and_decomposed(rows, write, there, asked):
    write(unicodedata.normalize(there, "한글 시험/문제 1.jsonl"), LINES)
    path = unicodedata.normalize(asked, "한글 시험/문제 1.jsonl")
    assert rows(path) == rows("json", {"data_files": {"test": path}}) == ROWS


def test_backslashes_of_windows(rows, write):
    write("data/x.jsonl", LINES)
    assert rows("data\\x.jsonl") == rows("json", {"data_files": ".\\data\\*.jsonl"}) == ROWS


@pytest.mark.parametrize("name", ["x.ndjson", "x y.jsonl", "x.JSONL"])
def test_names_of_files(rows, write, name):
    write(name, LINES)
    assert rows(name) == ROWS


def test_one_record_a_file(rows, write):
    for number, row in enumerate(ROWS):
        write(f"many/{number}.json", json.dumps(row, indent=2))
    assert rows("json", {"data_files": "many/*.json"}) == ROWS
    assert rows("many") == ROWS


def test_a_folder_of_task_files_is_no_data_set(splits, write):
    write("quiz_files/quiz.yaml", "task: quiz\n")
    with pytest.raises(DataError, match="The data set quiz_files of task 'sums' is not on this machine"):
        _ = splits("quiz_files").names


def test_a_folder_of_the_working_directory_comes_first(rows, write, tmp_path, monkeypatch):
    write("quiz/x.jsonl", LINES)
    write("here/quiz/x.jsonl", '{"q": "here", "n": 5}\n')
    monkeypatch.chdir(tmp_path / "here")
    assert rows("quiz") == [{"q": "here", "n": 5}]


@pytest.mark.parametrize(
    ("path", "kwargs", "said"),
    [
        (
            "exma.jsonl",
            None,
            r"sums.yaml:2: .*no file exma.jsonl \(looked for .*\)\.\n  Did you mean 'exam.jsonl'",
        ),
        ("./nothing", None, "there is no file ./nothing"),
        ("C:\\Users\\kim\\exam.csv", None, r"there is no file C:\\Users\\kim\\exam.csv on this machine.\n.*Windows"),
        ("json", {"data_files": {"a": "exma.jsonl", "b": "two.jsonl"}}, r"no file exma.jsonl[^!]*no file two.jsonl"),
        ("json", {"data_files": "no*.jsonl"}, r"there is no file no\*.jsonl"),
        ("json", {"data_files": "folder"}, r"data_files names the folder .*\n.*folder/\*.json"),
        ("exam.xls", None, r"exam.xls is Excel's format of before 2007"),
        ("exam.hwp", None, r"exam.hwp is a document of Hangul"),
        ("./exam.data", None, "exam.data is a file of a kind that is not read"),
    ],
)
def test_what_is_not_there_or_not_read(rows, write, path, kwargs, said):
    for name in ("exam.jsonl", "folder/x.jsonl", "exam.xls", "exam.hwp", "exam.data"):
        write(name, LINES)
    with pytest.raises(TaskError, match=said):
        rows(path, kwargs)


def test_a_missing_file_is_not_taken_for_a_task_file(rows, write):
    for name in ("computer.yaml", "computer.md", "Computer.jsonl"):
        write(name, LINES)
    with pytest.raises(TaskError) as caught:
        rows("csv", {"data_files": {"test": "computer.csv"}})
    assert "Did you mean 'Computer.jsonl'?" in str(caught.value)


@pytest.mark.parametrize("key", ["data_file", "data_fiels", "datafiles"])
def test_a_key_that_nobody_takes(rows, write, key):
    write("exam.jsonl", LINES)
    with pytest.raises(
        TaskError, match=rf"sums.yaml:3: .*dataset_kwargs has no key '{key}'\.\n  Did you mean .data_files"
    ):
        rows("json", {key: "exam.jsonl"})


@pytest.mark.parametrize(("path", "kwargs"), [("./pipe.jsonl", None), ("json", {"data_files": "pipe.jsonl"})])
def test_a_pipe_is_not_waited_for(rows, tmp_path, path, kwargs):
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(TaskError, match=r"pipe.jsonl,? (which )?is a pipe"):
        rows(path, kwargs)
