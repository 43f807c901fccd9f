"""Data sets made of workbooks: which files and sheets are which splits, and what goes beside them."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, TaskError

from .conftest import EXAM, EXAM_ROWS


def test_sheets_by_name_or_as_splits(rows, splits, book):
    book(test=EXAM, dev=EXAM[:2], notes=[["remark"], ["x"]])
    assert rows("exam.xlsx", dataset_name="dev") == rows("exam.xlsx", {"sheet": "dev"}) == EXAM_ROWS[:1]
    made = splits("exam.xlsx", test_split="test", fewshot_split="dev")
    assert (list(made.documents("test")), list(made.documents("dev"))) == (EXAM_ROWS, EXAM_ROWS[:1])
    with pytest.raises(DataError, match=r"has 3 sheets, and none is asked for.\n.*dataset_name: test.*dev, notes"):
        rows("exam.xlsx")
    with pytest.raises(DataError, match=r"no sheet 'tset'.\n.*'test'"):
        rows("exam.xlsx", dataset_name="tset")


def test_a_folder_of_workbooks(splits, book):
    book("set/test.xlsx", s=EXAM)
    book("set/dev_1.xlsx", s=EXAM[:2])
    made = splits("./set", test_split="test", fewshot_split=None)
    assert (set(made.names), list(made.documents("test"))) == ({"validation", "test"}, EXAM_ROWS)


def test_keys_and_files_that_do_not_fit(rows, book, write):
    book(s=EXAM)
    write("x.csv", "q\na\n")
    with pytest.raises(TaskError, match=r"no key 'sheets' for Excel workbooks.\n.*'sheet'"):
        rows("exam.xlsx", {"sheets": "s"})
    with pytest.raises(TaskError, match="mixes Excel workbooks with other files"):
        rows("csv", {"data_files": ["exam.xlsx", "x.csv"]})
    with pytest.raises(TaskError, match="data_files is missing"):
        rows("xlsx")


def test_workbooks_beside_other_data_are_said(splits, book, write):
    book("data/test.xlsx", S=[["q"], ["workbook"]])
    write("data/test.csv", "q\ncsv\n")
    made = splits("./data", test_split="test")
    assert [dict(row) for row in made.documents("test")] == [{"q": "csv"}]
    [note] = made.notes
    assert "holds test.csv and Excel workbooks, which are not read (test.xlsx)" in note.message
