"""Excel's workbooks."""

import datetime

import pytest
from openpyxl import Workbook

from proctor.errors import DataError
from proctor.new.table import AmbiguityError
from proctor.new.workbook import EVERY, read_sheets


@pytest.fixture
def book(tmp_path):
    book = Workbook()
    first = book.active
    first.title = "국어"
    first.append(["문제", "답"])
    first.append(["언제?", datetime.date(2024, 3, 1)])
    second = book.create_sheet("수학")
    second.append(["q", "a"])
    second.append([1.0, True])
    book.create_sheet("표지").append(["중간고사"])
    path = tmp_path / "book.xlsx"
    book.save(path)
    return str(path)


def test_which_sheet_is_asked_and_a_cover_is_none(book):
    with pytest.raises(AmbiguityError, match="2 sheets: '국어', '수학'") as caught:
        read_sheets(book, None, ())
    assert (caught.value.setting, caught.value.values) == ("sheet", ("국어", "수학", EVERY))
    assert "--sheet all each as a subject" in str(caught.value)
    assert [name for name, _, _ in read_sheets(book, EVERY, ())] == ["국어", "수학"]
    assert [name for name, _, _ in read_sheets(book, None, ("국어", "수학"))] == ["국어", "수학"]
    with pytest.raises(DataError, match="no sheet '영어'"):
        read_sheets(book, "영어", ())


def test_cells_are_texts_with_the_number_of_their_row(book):
    ((_, rows, notes),) = read_sheets(book, "수학", ())
    assert [(row.number, row.cells) for row in rows] == [(1, ("q", "a")), (2, ("1", "TRUE"))]
    assert notes == ("read from the sheet '수학'",)


def test_dates_are_said(book):
    ((_, rows, notes),) = read_sheets(book, "국어", ())
    assert rows[1].cells == ("언제?", "2024-03-01")
    assert notes[1] == "Excel holds dates in B2 (2024-03-01): was another text typed there?"
