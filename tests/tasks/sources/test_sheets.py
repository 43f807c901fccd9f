"""Excel's workbooks: cells keep their kind, nothing is made up, and what cannot be read names its cell."""

from __future__ import annotations

import builtins
import datetime

import pytest

from proctor.errors import DataError, MissingExtraError

from .conftest import EXAM, EXAM_ROWS

pytest.importorskip("openpyxl")


@pytest.mark.parametrize(
    ("path", "kwargs"),
    [
        ("exam.xlsx", None),
        ("xlsx", {"data_files": "exam.xlsx"}),
        ("excel", {"data_files": {"test": "exam.xlsx"}}),
        ("json", {"data_files": {"test": ["exam.xlsx"]}}),
    ],
)
def test_a_workbook_beside_the_task(rows, book, path, kwargs):
    book(시험=EXAM)
    found = rows(path, kwargs)
    assert found == EXAM_ROWS
    assert [type(row["answer"]) for row in found] == [int, int]


def test_cells_keep_their_kind(rows, book):
    when, stamp = datetime.datetime(2024, 3, 1), datetime.datetime(2024, 3, 1, 9, 30)
    header = ["whole", "text", "zeros", "date", "time", "part", "truth", "gap"]
    book(s=[header, [2, "1", "007", when, stamp, 0.5, True, None], [3.0, "2", "010", when, stamp, 1, False, 7]])
    first, second = rows("exam.xlsx")
    assert first == {
        "whole": 2,
        "text": "1",
        "zeros": "007",
        "date": "2024-03-01",
        "time": "2024-03-01 09:30:00",
        "part": 0.5,
        "truth": True,
        "gap": None,
    }
    assert (second["whole"], type(second["whole"]), second["gap"], type(second["gap"])) == (3, int, 7, int)


def test_a_column_of_texts_and_numbers_is_text_and_said(splits, book):
    book(s=[["choice"], [1], ["one"], [2.5], [True]])
    made = splits("exam.xlsx")
    assert [row["choice"] for row in made.documents("train")] == ["1", "one", "2.5", "TRUE"]
    assert "the column 'choice' holds text and numbers, and is read as text" in made.notes[0].message


def test_empty_rows_and_columns_are_none(rows, book):
    book(s=[["q", "a", None], [None, None, None], ["x", 1, None], [" ", None, None], ["y", None, None], [None] * 3])
    assert rows("exam.xlsx") == [{"q": "x", "a": 1}, {"q": "y", "a": None}]


def test_a_value_in_merged_cells_counts_for_each(splits, book):
    table = [["passage", "question"], ["지문", "1번"], [None, "2번"], ["other", "3번"]]
    book(s=table, change=lambda workbook: workbook["s"].merge_cells("A2:A3"))
    made = splits("exam.xlsx")
    assert [row["passage"] for row in made.documents("train")] == ["지문", "지문", "other"]
    assert "merged cells" in made.notes[0].message


def test_hidden_and_empty_sheets_are_no_data(rows, book):
    def hide(workbook):
        workbook["lists"].sheet_state = "hidden"

    book(exam=EXAM, lists=[["x"], ["y"]], empty=[], change=hide)
    assert rows("exam.xlsx") == EXAM_ROWS


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([["q", "a"], ["x", "=1+1"]], r"sheet 's', cell B2 holds a formula whose result is not stored.\n.*save it"),
        ([["q", "a"], ["x", "#N/A"]], "cell B2 holds the error #N/A"),
        ([["q", None], ["x", 5]], "cell B2 has a value, but its column has no name in row 1"),
        ([["q", "q"], ["x", 5]], "two columns called 'q'"),
        ([["q", "a"]], "sheet 's' holds a header and no row"),
        ([], "holds nothing in any sheet"),
    ],
)
def test_what_cannot_be_read_names_its_cell(rows, book, cells, said):
    book(s=cells)
    with pytest.raises(DataError, match=said):
        rows("exam.xlsx")


def test_a_stored_result_of_a_formula_is_its_value(rows, tmp_path, book, monkeypatch):
    """openpyxl stores none, so the workbook's XML is given one, as Excel does."""
    import zipfile

    file = book(s=[["q", "a"], ["x", "=1+1"]])
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert rows("exam.xlsx") == [{"q": "x", "a": 2}]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no workbook", "cannot be read as an Excel"), (b"\xd0\xcf\x11\xe0old", "encrypted or an ol")],
)
def test_a_file_that_is_no_workbook(rows, write, content, said):
    write("exam.xlsx", content)
    with pytest.raises(DataError, match=said):
        rows("exam.xlsx")


def test_without_openpyxl_the_remedy_is_said(rows, book, monkeypatch):
    book(s=EXAM)
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "openpyxl":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtraError, match=r"openpyxl.*\n.*pip install openpyxl.*\[xlsx\].*CSV UTF-8"):
        rows("exam.xlsx")


def test_an_edited_workbook_is_read_anew_and_an_unchanged_one_has_one_fingerprint(splits, book):
    book(s=EXAM)
    first, second = (splits("exam.xlsx").documents("train") for _ in range(2))
    assert first._rows._fingerprint == second._rows._fingerprint
    book(s=[*EXAM, ["셋?", 3]])
    assert len(splits("exam.xlsx").documents("train")) == 3


def test_a_cover_sheet_of_one_line_is_left_out_and_said(splits, book):
    book("d.xlsx", 표지=[["모의고사 2026"]], 문항=[["q", "g"], ["a", 0]])
    made = splits("./d.xlsx")
    assert [dict(row) for row in made.documents("train")] == [{"q": "a", "g": 0}]
    [note] = made.notes
    assert "sheet '표지' holds a single row and is left out" in note.message
