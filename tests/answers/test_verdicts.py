"""What a reply calls right or wrong, and options that it quotes."""

from __future__ import annotations

import pytest

from proctor.answers.labels import labels_of, mark
from proctor.answers.verdicts import (
    approved,
    by_verdicts,
    declared_option,
    equal_option,
    leading_option,
    option_words,
    quoted_option,
    rejected,
    words,
)

LATIN = labels_of(tuple("ABCD"))


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("A: incorrect\nB: incorrect\nC: correct\nD: incorrect", {0, 1, 3}, {2}),
        ("A) This is true.\nB) This is not true.", {1}, {0}),
        ("A는 틀렸다.", {0}, set()),
        ("B is clearly wrong.", {1}, set()),
        ("All of them are interesting.", set(), set()),
    ],
)
def test_options_that_are_called_right_or_wrong(text, wrong, right):
    marked = mark(text, LATIN)
    assert rejected(marked, LATIN) == wrong
    assert approved(marked, LATIN) - wrong == right


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("A: incorrect\nB: incorrect\nC: correct\nD: incorrect", 2),
        ("A is wrong. B is wrong. D is wrong. (C) remains.", 2),
        # Nobody names the one that is left.
        ("A is wrong. B is wrong. D is wrong.", None),
        # Right alone is a remark: nothing else is called wrong.
        ("A: correct", None),
        ("A: correct\nB: correct\nC: wrong", None),
        ("", None),
    ],
)
def test_one_option_is_left_or_none_is_chosen(text, index):
    assert by_verdicts(mark(text, LATIN), LATIN) == index


@pytest.mark.parametrize(
    ("text", "plain"), [("  The  Sun! ", "the sun"), ("x = -3", "x = -3"), ("- 5 %", "5 %"), ("…", "")]
)
def test_a_text_as_words(text, plain):
    assert words(text) == plain


OPTIONS = option_words(("red", "dark red", "Blue sky", "blue  sky!", "no"))


def test_options_that_cannot_be_told_apart_are_empty():
    assert OPTIONS == ("red", "dark red", "", "", "no")


@pytest.mark.parametrize(
    ("text", "equal", "leading", "quoted"),
    [
        ("Red.", 0, 0, 0),
        ("dark red", 1, 1, 1),
        ("Dark red it is", None, 1, 1),
        ("it is dark red", None, None, 1),
        ("it is not red", None, None, None),
        ("not dark red, but no", None, None, 4),
        ("redder", None, None, None),
        ("", None, None, None),
    ],
)
def test_an_option_is_found_by_its_text(text, equal, leading, quoted):
    assert equal_option(text, OPTIONS) == equal
    assert leading_option(text, OPTIONS) == leading
    assert quoted_option(text, OPTIONS) == quoted


def test_a_number_counts_where_it_is_the_only_one():
    numbers = option_words(("3", "13"))
    assert quoted_option("there are 13 of them", numbers) == 1
    assert quoted_option("3 of 13", numbers) is None
    assert quoted_option("3.5", numbers) is None


def test_the_last_statement_of_the_answer_counts():
    assert declared_option("The answer is red. No: the answer is dark red.", OPTIONS) == 1
    assert declared_option("Red is nice.", OPTIONS) is None
