"""Where a document has its options, and the same document with its options in another order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.tasks.choice_columns import ChoiceColumns, NoChoicesError

LIST = ChoiceColumns("choices", "answer", "index")
DOC = {"question": "Q?", "choices": ["red", "blue", "green"], "answer": 0}


@pytest.mark.parametrize(
    ("columns", "doc", "contents", "golds", "moved"),
    [
        (LIST, DOC, ("red", "blue", "green"), (0,), {"choices": ["green", "red", "blue"], "answer": 1}),
        (
            ChoiceColumns(("A", "B", "C"), "key", "letter"),
            {"A": "red", "B": "blue", "C": "green", "key": "C"},
            ("red", "blue", "green"),
            (2,),
            {"A": "green", "B": "red", "C": "blue", "key": "A"},
        ),
        (
            ChoiceColumns(("A", "B", "C"), "answer", "number"),
            {"A": "red", "B": "blue", "C": "green", "answer": "2"},
            ("red", "blue", "green"),
            (1,),
            {"A": "green", "B": "red", "C": "blue", "answer": "3"},
        ),
        (
            ChoiceColumns("choices.text", "answerKey", "letter", "choices.label"),
            {"choices": {"text": ["red", "blue", "green"], "label": ["1", "2", "3"]}, "answerKey": "1"},
            ("red", "blue", "green"),
            (0,),
            {"choices": {"text": ["green", "red", "blue"], "label": ["1", "2", "3"]}, "answerKey": "2"},
        ),
        (
            ChoiceColumns("choices", "answer", "text"),
            {"choices": ["red", "blue", "green"], "answer": "blue"},
            ("red", "blue", "green"),
            (1,),
            {"choices": ["green", "red", "blue"], "answer": "blue"},
        ),
        (
            ChoiceColumns("choices", "answers", "index"),
            {"choices": ["red", "blue", "green"], "answers": [0, 2]},
            ("red", "blue", "green"),
            (0, 2),
            {"choices": ["green", "red", "blue"], "answers": [1, 0]},
        ),
    ],
    ids=["list", "letters", "number in a text", "inner lists with labels", "text", "several answers"],
)
def test_a_document_in_the_order_2_0_1(columns, doc, contents, golds, moved):
    before = repr(doc)
    assert columns.contents(doc) == contents
    assert columns.golds(doc) == golds
    assert columns.reordered(doc, (2, 0, 1)) == {**doc, **moved}
    assert repr(doc) == before


def test_a_small_letter_stays_small():
    columns = ChoiceColumns(("a", "b"), "key", "letter")
    assert columns.reordered({"a": "x", "b": "y", "key": "b"}, (1, 0))["key"] == "a"


@given(st.lists(st.text(), min_size=2, max_size=6, unique=True).flatmap(
    lambda texts: st.tuples(st.just(texts), st.permutations(range(len(texts))), st.integers(0, len(texts) - 1))
))  # fmt: skip
def test_the_right_option_stays_the_right_one(drawn):
    texts, order, gold = drawn
    for form, answer in (("index", gold), ("number", gold + 1), ("letter", "ABCDEF"[gold]), ("text", texts[gold])):
        columns = ChoiceColumns("choices", "answer", form)
        doc = {"choices": texts, "answer": answer}
        moved = columns.reordered(doc, order)
        assert [moved["choices"][place] for place in columns.golds(moved)] == [texts[gold]]
        back = [order.index(number) for number in range(len(order))]
        assert columns.reordered(moved, back) == doc


@pytest.mark.parametrize(
    ("columns", "doc", "message"),
    [
        (LIST, {"answer": 0}, "no column 'choices'"),
        (LIST, {"choices": "red", "answer": 0}, "no list of options"),
        (LIST, {"choices": [], "answer": 0}, "has no options"),
        (LIST, {"choices": ["red", "blue"], "answer": 2}, "none of 2 options"),
        (LIST, {"choices": ["red", "blue"], "answer": -1}, "none of 2 options"),
        (LIST, {"choices": ["red", "blue"], "answer": True}, "none of 2 options"),
        (LIST, {"choices": ["red", "blue"], "answer": None}, "none of 2 options"),
        (LIST, {"choices": ["red", "blue"], "answer": float("nan")}, "none of 2 options"),
        (LIST, {"choices": ["red", "blue"]}, "no column 'answer'"),
        (ChoiceColumns("a.b", "answer", "index"), {"a": 3, "answer": 0}, "no column 'a.b'"),
        (ChoiceColumns("choices", "answer", "letter", "labels"), {**DOC, "labels": 3, "answer": "A"}, "list of labels"),
    ],
)
def test_a_document_without_what_its_columns_should_hold(columns, doc, message):
    with pytest.raises(NoChoicesError, match=message):
        columns.golds(doc)
