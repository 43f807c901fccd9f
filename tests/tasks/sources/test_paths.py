"""Which files a task means: beside its file, under names as macOS and Windows write them, and what is not there."""

from __future__ import annotations

import unicodedata

import pytest

from proctor.errors import TaskError

from .conftest import LINES, ROWS


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


def test_a_missing_file_is_not_taken_for_a_task_file(rows, write):
    for name in ("computer.yaml", "computer.md", "Computer.jsonl"):
        write(name, LINES)
    with pytest.raises(TaskError) as caught:
        rows("csv", {"data_files": {"test": "computer.csv"}})
    assert "Did you mean 'Computer.jsonl'?" in str(caught.value)
