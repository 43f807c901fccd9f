"""Tables, their places, and the errors that name them."""

from dataclasses import replace

import pytest

from proctor.new.table import (
    AmbiguityError,
    BadRow,
    Row,
    Table,
    cell_text,
    column_letters,
    is_blank,
    rows_error,
    unique_names,
)


def test_a_place_is_a_line_and_a_column_or_a_cell():
    row = Row(7, ("a", "b"))
    text = Table("t.csv", ("q", "정답"), (row,), "line", (0, 1))
    book = Table("t.xlsx", ("q", "정답"), (row,), "cell", (0, 27))
    assert text.place(row) == "line 7"
    assert text.place(row, "정답") == "line 7, column '정답'"
    assert book.place(row, "정답") == "cell AB7 (정답)"
    assert book.place(7) == "row 7"
    assert text.values("정답") == ["b"]
    assert text.with_notes("n").notes == ("n",)
    assert text.label == "t.csv"
    assert replace(text, subject="국어", split="dev").label == "국어 dev"


@pytest.mark.parametrize(
    ("cell", "text"), [(None, ""), (2.0, "2"), (2.5, "2.5"), ("007", "007"), (True, "True"), (1e300, "1e+300")]
)
def test_a_cell_is_written_as_a_reader_would(cell, text):
    assert cell_text(cell) == text


def test_blank_is_what_holds_nothing():
    assert all(is_blank(cell) for cell in (None, "", "  ", [], {}))
    assert not any(is_blank(cell) for cell in (0, False, "0", ["a"]))


def test_bad_rows_are_listed_and_the_rest_counted():
    bad = [BadRow(f"line {n}", "it is empty") for n in range(2, 14)]
    error = rows_error("t.csv", bad, 20)
    assert error.message.splitlines()[:2] == ["t.csv: 12 rows of 20 cannot be read:", "  line 2: it is empty."]
    assert error.message.splitlines()[-1] == "  and 4 more."
    assert error.hint == "Correct them, or leave them out with --skip_bad."


def test_an_ambiguity_names_the_flag():
    error = AmbiguityError("Two ways.", "answer_base", ("0", "1"))
    assert error.exit_code == 2
    assert error.hint == "Say it with --answer_base 0|1."
    assert (error.setting, error.values) == ("answer_base", ("0", "1"))


def test_letters_of_columns_and_names_that_occur_once():
    assert [column_letters(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert unique_names(["a", "b", "a", "a"]) == ["a", "b", "a 2", "a 3"]
