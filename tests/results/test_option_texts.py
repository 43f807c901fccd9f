"""Options as a reader knows them: labels, what they mean, the words by which texts differ."""

from __future__ import annotations

import pytest

from proctor.results.option_texts import are_labels, differing_words, texts_of_labels, without_delimiter


@pytest.mark.parametrize(
    ("options", "labels"),
    [("A B C D", True), ("(a) (b)", True), ("1. 2. 3.", True), ("0 1", True), ("① ② ③ ④", True), ("가 나 다 라", True),
     ("ㄱ ㄴ", True), ("m q p n", False), ("B A", False), ("24 23", False), ("Yes No", False), ("A", False)],
)  # fmt: skip
def test_labels_are_the_beginning_of_a_series(options, labels):
    assert are_labels(options.split()) is labels


@pytest.mark.parametrize(
    ("choices", "texts"),
    [(["x", 2], ("x", "2")), ({"text": ["x", "y"]}, ("x", "y")), (["x", ["y"]], ("A", "B")), (["x"], ("A", "B"))],
)
def test_texts_of_labels_are_a_list_of_as_many(choices, texts):
    assert texts_of_labels(("A", "B"), {"choices": choices}) == texts


def test_the_delimiter_is_taken_off_where_all_have_it():
    assert without_delimiter((" A", " B"), " ") == ("A", "B")
    assert without_delimiter(("\nA", " B"), "\n") == ("A", "B")
    assert without_delimiter(("  A", " B"), "") == ("A", "B")


def test_texts_differ_in_whole_words():
    assert differing_words(["so Sarah won", "so Sam won"]) == ("Sarah", "Sam")
