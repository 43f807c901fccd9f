"""Where the data of a task is: a builder, a file, a folder or a name of the hub."""

from __future__ import annotations

import json
import os

import pytest

from proctor.errors import DataError, TaskError

from .conftest import LINES, ROWS


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


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


@pytest.mark.parametrize(("path", "kwargs"), [("./pipe.jsonl", None), ("json", {"data_files": "pipe.jsonl"})])
def test_a_pipe_is_not_waited_for(rows, tmp_path, path, kwargs):
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(TaskError, match=r"pipe.jsonl,? (which )?is a pipe"):
        rows(path, kwargs)
