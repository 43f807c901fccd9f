"""Answers as texts."""

import pytest

from proctor.new.answer_texts import answer_parts, bare_answer, folded, several_labels


@pytest.mark.parametrize(
    ("text", "bare"), [("정답: ②", "②"), ("Answer = B", "B"), ("정답은 서울", "정답은 서울"), (" B ", "B")]
)
def test_words_before_an_answer_go(text, bare):
    assert bare_answer(text) == bare


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A,C", ["A", "C"]),
        ("정답: ①, ③", ["①", "③"]),
        ("1번 및 3번", ["1번", "3번"]),
        ("A and C", ["A", "C"]),
        ("B", ["B"]),
    ],
)
def test_several_answers_are_separated(text, parts):
    assert answer_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "form", "labels"),
    [("①③", "circled", ["①", "③"]), ("ACD", "letter", ["A", "C", "D"]), ("BAD", "letter", None),
     ("ㄱㄷ", "korean", ["ㄱ", "ㄷ"]),
     ("13", "number", None), ("서울", "korean", None)],
)  # fmt: skip
def test_labels_one_behind_the_other(text, form, labels):
    assert several_labels(text, form) == labels


def test_texts_are_the_same_but_for_spaces_and_composition():
    assert folded(" New  York\n") == "New York"
    assert folded("각") == folded("각")
