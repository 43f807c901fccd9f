"""Questions with labelled options: as the task shows them, or with labels put before them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.tasks.choose import labelled_question, put_labels


@pytest.mark.parametrize(
    ("question", "options", "texts"),
    [
        ("2+2?\nA. 3\nB. 4\nAnswer:", ["A", "B"], ("3", "4")),
        ("2+2?\n(A) 3\n(B) 4\nAnswer:", ["A", "B"], ("3", "4")),
        ("2+2?\n(A) 3\n(B) 4", ["(A)", "(B)"], ("3", "4")),
        ("2+2? A. 3 B. 4", ["A", "B"], ("3", "4")),
        ("2+2?\n① 3\n② 4\n정답:", ["①", "②"], ("3", "4")),
        ("2+2?\n1. 3\n2. 4\n정답:", ["1", "2"], ("3", "4")),
        ("2+2?\nㄱ. 3\nㄴ. 4", ["ㄱ", "ㄴ"], ("3", "4")),
        ("1?\nA. x\nB. y\nAnswer: B\n\n2+2?\nA. 3\nB. 4\nAnswer:", ["A", "B"], ("3", "4")),
        ("2+2?\nA. 3\nB. 4\nAnswer:", [" A", " B"], ("3", "4")),
    ],
)
def test_options_that_the_task_shows_stay_as_they_are(question, options, texts):
    shown = labelled_question(question, options)
    assert shown.text == question
    assert shown.labels == tuple(option.strip() for option in options)
    assert shown.options == texts
    assert shown.has_own_labels


@pytest.mark.parametrize(
    ("question", "options", "text"),
    [
        ("She pours the", ["milk", " stone"], "She pours the\n\nA. milk\nB. stone\nAnswer:"),
        ("Question: Why?\nAnswer:", ["a b", "c\nd"], "Question: Why?\nA. a b\nB. c d\nAnswer:"),
        ("Why?\n정답:", ["x", "y"], "Why?\nA. x\nB. y\n정답:"),
        ("Answer:", ["x", "y"], "A. x\nB. y\nAnswer:"),
        ("", ["x", "y"], "A. x\nB. y\nAnswer:"),
        ("물을 붓는다.", ["우유", "돌"], "물을 붓는다.\n\nA. 우유\nB. 돌\n정답:"),
        ("Is it 0 or 1?", ["0", "1"], "Is it 0 or 1?\n\nA. 0\nB. 1\nAnswer:"),
        ("Is A right?", ["A", "B"], "Is A right?\n\nA. A\nB. B\nAnswer:"),
        ("Yes or no?", ["yes", "no"], "Yes or no?\n\nA. yes\nB. no\nAnswer:"),
        ("Which?\nA. 1\nB. 2", ["A", "A"], "Which?\nA. 1\nB. 2\n\nA. A\nB. A\nAnswer:"),
    ],
)
def test_options_without_labels_get_letters_before_the_cue(question, options, text):
    shown = labelled_question(question, options)
    assert shown.text == text
    assert shown.labels == ("A", "B")
    assert not shown.has_own_labels


def test_more_options_than_letters_get_numbers():
    assert put_labels(26)[-1] == "Z"
    assert put_labels(27)[0] == "1"
    assert put_labels(27)[-1] == "27"


@given(st.text(max_size=80), st.lists(st.text(max_size=12), min_size=1, max_size=30))
def test_each_option_has_a_label_of_its_own_at_its_position(question, options):
    shown = labelled_question(question, options)
    assert len(set(shown.labels)) == len(shown.labels) == len(options)
    assert len(shown.options) == len(options)
    if not shown.has_own_labels:
        assert shown.options == tuple(option.strip() for option in options)
