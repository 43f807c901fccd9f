"""Where the names of columns stand."""

import pytest

from proctor.errors import DataError
from proctor.new.header import Header, find_header, numbered, table_of
from proctor.new.table import RawRow


def rows(*lines):
    return [RawRow(number, tuple(line.split("|"))) for number, line in enumerate(lines, start=1)]


def test_titles_above_the_header_are_passed_over():
    sheet = rows("중간고사||||", "번호|문제|①|②|정답", "1|수도는?|서울|부산|①")
    assert find_header(sheet) == Header(("번호", "문제", "①", "②", "정답"), 2, 3)


def test_two_lines_are_joined_where_the_second_names_options():
    sheet = rows("문제|보기||정답", "|①|②|", "수도는?|서울|부산|①")
    assert find_header(sheet).names == ("문제", "보기 ①", "보기 ②", "정답")
    assert find_header(sheet).below == 2


def test_a_merged_name_without_a_second_line_is_numbered():
    sheet = rows("문제|보기||정답", "수도는?|서울|부산|1")
    assert find_header(sheet) == Header(("문제", "보기 1", "보기 2", "정답"), 1, 3)


def test_a_row_that_the_user_names_is_the_header():
    sheet = rows("x|y|z", "Frage|Antwort|A", "q|A|one")
    assert find_header(sheet, ["Frage"]).below == 2
    assert find_header(sheet) == Header(("x", "y", "z"), 1, 0)


def test_ragged_rows_are_bad_and_empty_columns_go():
    sheet = rows("q|A||", "one|x||", "two|y", "three|z||||", "four|w|||v")
    table = table_of("t.csv", sheet, find_header(sheet), "line")
    assert table.columns == ("q", "A")
    assert [row.number for row in table.rows] == [2, 4]
    assert [str(row) for row in table.bad] == [
        "line 3: it has 2 cells, and the header has 4.",
        "line 5: it has 5 cells, and the header has 4 (a separator within a cell needs quotes around the cell).",
    ]
    assert numbered(2) == ("column 1", "column 2")


def test_two_columns_of_one_option_are_refused():
    rows = [RawRow(1, ("question", "A", "B", "C", "C", "answer")), RawRow(2, ("Q?", "a", "b", "c", "d", "A"))]
    with pytest.raises(DataError, match="Row 1: two columns of options are called 'C'"):
        find_header(rows)
    assert find_header([RawRow(1, ("a b", "1", "1", "2")), *rows[1:]]).known == 0


def test_a_line_of_headings_above_the_names_is_passed_over():
    sheet = rows("문항||보기|||정답", "번호|문제|①|②|③|정답", "1|수도는?|서울|부산|대구|①")
    assert find_header(sheet) == Header(("번호", "문제", "①", "②", "③", "정답"), 2, 3)
