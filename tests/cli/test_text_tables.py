"""Tables of plain text line up, whatever letters are in them, and drive no terminal."""

from __future__ import annotations

import pytest

from proctor.cli.text_tables import aligned_table, fitting, shortened_inside, text_width


@pytest.mark.parametrize(("text", "width"), [("exam", 4), ("시험", 4), ("e\u0301", 1), ("①", 1), ("", 0)])
def test_east_asian_wide_letters_take_two_columns(text, width):
    assert text_width(text) == width


def test_wide_letters_line_up():
    table = aligned_table(("", "n"), [("시험", "1"), ("exam", "10"), ("x", "3")])
    assert len({text_width(line) for line in table.splitlines()[1:]}) == 1


def test_numbers_are_to_the_right_and_no_line_ends_in_spaces():
    assert aligned_table(("a", "n", ""), [("b", "10", ""), ("cc", "3", "!")]) == "a    n\nb   10\ncc   3  !"


def test_control_characters_and_line_ends_are_written_out():
    table = aligned_table(("",), [("\x1b[31m",), ("a\nb",)])
    assert "\x1b" not in table
    assert len(table.splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("exam", 4, "exam"),
        ("exams", 4, "exa…"),
        ("시험지", 6, "시험지"),
        ("시험지", 5, "시험…"),
        ("시험", 3, "시…"),
        ("ab", 0, ""),
    ],
)
def test_a_line_is_shortened_to_its_room(text, columns, shown):
    assert fitting(text, columns) == shown
    assert text_width(shown) <= columns


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("results.json", 12, "results.json"),
        ("/home/joe/out/results.json", 18, "/home…results.json"),
        ("/모델/결과/시험/끝.json", 15, "/모…험/끝.json"),
        ("abcdef", 2, "…f"),
        ("abcdef", 1, "…"),
    ],
)
def test_the_end_of_a_path_stays(text, columns, shown):
    assert shortened_inside(text, columns) == shown
    assert text_width(shown) <= columns
