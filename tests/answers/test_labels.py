"""Labels in plain text, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.answers.labels import bare_labels, labels_of, mark, unmark

SETS = {"latin": "ABCDEFGHI", "digits": "12345", "syllables": "가나다라", "letters": "ㄱㄴㄷㄹ"}


def marked(text: str, names: str) -> int:
    return sum("\ue000" <= character <= "\uefff" for character in mark(text, labels_of(tuple(names))))


@pytest.mark.parametrize(
    "text", ["B", "(B)", "b.", "B입니다", "B번", "B가 아니라", "B, because", "“B”", "is A because", "A it is"]
)
def test_a_letter_that_stands_alone_is_a_label(text):
    assert marked(text, SETS["latin"]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "A car",
        "a car",
        "I think",
        "I'm",
        "C-section",
        "A형",
        "C++",
        "AB",
        "A1",
        "B12",
        "x_A",
        "A's",
        "B가나",
        "C언어",
        "D°",
    ],
)
def test_an_article_a_pronoun_and_parts_of_words_are_none(text):
    assert marked(text, SETS["latin"]) == 0


@pytest.mark.parametrize(
    ("text", "count"), [("3", 1), ("3번", 1), ("3.", 1), ("3.5", 0), ("1,3", 0), ("30", 0), ("3개", 0), ("3월", 0)]
)
def test_a_number_is_a_label_only_where_it_counts_nothing(text, count):
    assert marked(text, SETS["digits"]) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [("가", 1), ("(가)", 1), ("나는", 1), ("가장", 0), ("B가 정답", 0), ("(나)가 정답", 1), ("다음", 0)],
)
def test_a_syllable_is_a_label_where_it_is_no_particle_and_no_word(text, count):
    assert marked(text, SETS["syllables"]) == count


@pytest.mark.parametrize(
    ("text", "names", "positions"),
    [
        ("Between B and C", "latin", [1, 2]),
        ("Vitamin C, group B", "latin", []),
        ("a (b) c", "latin", [1]),
        ("There are 3, of 4", "digits", []),
        ("option 3, 4번, (5)", "digits", [2, 3, 4]),
        ("가, (나)", "syllables", [1]),
        ("ㄱ과 ㄷ", "letters", [0, 2]),
    ],
)
def test_labels_count_by_themselves_where_they_cannot_be_anything_else(text, names, positions):
    labels = labels_of(tuple(SETS[names]))
    assert [at for at, _ in bare_labels(mark(text, labels), labels)] == positions


@given(st.text(alphabet="ABC abc.,()입니다번1", max_size=30))
def test_unmark_gives_the_text_back_but_for_the_case_of_labels(text):
    labels = labels_of(tuple("ABC"))
    assert unmark(mark(text, labels), labels).casefold() == text.casefold()


def test_labels_without_letters_are_never_found():
    assert mark("A B", labels_of(("", " "))) == "A B"
    assert labels_of(("(가)", "①", "c.")).names == ("가", "1", "c")


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("the second option is right", [1]),
        ("The Third answer choice", [2]),
        ("두 번째 선택지가 정답", [1]),
        ("정답은 세번째입니다", [2]),
        ("첫 번째 단계에서", []),
        ("the first step", []),
        ("the fifth option", []),
    ],
)
def test_an_option_may_be_named_by_its_number(text, positions):
    found = mark(text, labels_of(("A", "B", "C")))
    assert [ord(character) - 0xE000 for character in found if "\ue000" <= character <= "\uefff"] == positions
