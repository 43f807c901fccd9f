"""A prompt taken apart into question, options and cue, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.tasks.question_parts import listed_parts, unlisted_parts, with_options

WORDS = st.text(alphabet="abcdefgh한글 ", min_size=1, max_size=12).map(str.strip).filter(bool)


def pieces(stem="Which is long?", *, marks=("A. ", "B. "), tail="\nAnswer:", head="\n"):
    return (f"{stem}{head}{marks[0]}", *[f"\n{mark}" for mark in marks[1:]], tail)


def text_of(found, options):
    return found[0] + "".join(option + piece for option, piece in zip(options, found[1:], strict=True))


@pytest.mark.parametrize(
    ("found", "labels", "stem", "block"),
    [
        (pieces(), ("A", "B"), "Which is long?", "A. red\nB. blue"),
        (pieces(marks=("(A) ", "(B) ")), ("A", "B"), "Which is long?", "(A) red\n(B) blue"),
        (pieces(marks=("① ", "② ")), ("①", "②"), "Which is long?", "① red\n② blue"),
        (pieces(marks=("1) ", "2) ")), None, "Which is long?", "1) red\n2) blue"),
        (pieces(head="\nChoices:\n"), ("A", "B"), "Which is long?", "Choices:\nA. red\nB. blue"),
        (pieces("이것은?", head="\n보기:\n", tail="\n정답："), ("A", "B"), "이것은?", "보기:\nA. red\nB. blue"),
        (("Which is long? (A) ", " (B) ", " Answer:"), ("A", "B"), "Which is long?", "(A) red (B) blue"),
        (pieces("What is vitamin A?"), ("A", "B"), "What is vitamin A?", "A. red\nB. blue"),
        (pieces(tail=""), ("A", "B"), "Which is long?", "A. red\nB. blue"),
    ],
)
def test_a_block_of_labelled_options_is_told_from_the_question(found, labels, stem, block):
    text = text_of(found, ("red", "blue"))
    parts = listed_parts(text, found, labels)
    assert (parts.stem, parts.block, parts.tail, parts.text) == (stem, block, found[-1], text)
    assert parts.why == ""


def test_bullets_show_where_the_question_ends_and_are_no_labels():
    parts = listed_parts("", pieces(marks=("- ", "- ")), None)
    assert (parts.stem, parts.block, parts.labels) == ("Which is long?", None, ("A", "B"))


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (("Is it ", " or ", "\nAnswer:"), "behind a label"),
        (("Is it ", " or ", "?\nAnswer:"), "more than a cue"),
        (("Which? ", " (A) ", " (B)"), "behind a label"),
        (pieces(tail="\nNow, which of them is it?"), "more than a cue"),
        (pieces(tail="\nPassage.\nAnswer:"), "more than a cue"),
        (("Which?\nA. ", " is one.\nB. ", "\nAnswer:"), "behind a label"),
    ],
)
def test_a_prompt_that_does_not_show_where_its_question_ends_has_no_stem(found, why):
    parts = listed_parts(text_of(found, ("red", "blue")), found, ("A", "B"))
    assert parts.stem is None
    assert parts.block is None
    assert why in parts.why


@pytest.mark.parametrize(
    ("text", "stem", "tail"),
    [
        ("Question: Which?\nAnswer:", "Question: Which?", "\nAnswer:"),
        ("Question: Which?\n\n정답: ", "Question: Which?", "\n\n정답: "),
        ("She pours the", "She pours the", ""),
    ],
)
def test_a_prompt_without_options_is_a_question_and_a_cue(text, stem, tail):
    parts = unlisted_parts(text, 3)
    assert (parts.stem, parts.tail, parts.block, parts.labels) == (stem, tail, None, ("A", "B", "C"))


def test_options_stand_before_the_cue_and_a_cue_is_put_where_there_is_none():
    assert with_options("Q?", "\nAnswer:", "AB", ("x", "y")) == "Q?\nA. x\nB. y\nAnswer:"
    assert with_options("She pours the", "", "AB", ("x", "y z")) == "She pours the\n\nA. x\nB. y z\nAnswer:"
    assert with_options("", "\n정답:", "AB", ("x", "y")) == "A. x\nB. y\n정답:"


@given(stem=WORDS, options=st.lists(WORDS, min_size=2, max_size=6), cue=st.sampled_from(["\nAnswer:", "\n정답:"]))
def test_a_question_that_is_put_with_options_is_taken_apart_into_the_same(stem, options, cue):
    labels = tuple("ABCDEF"[: len(options)])
    text = with_options(stem, cue, labels, options)
    found = (f"{stem}\nA. ", *[f"\n{label}. " for label in labels[1:]], cue)
    assert text == text_of(found, [" ".join(option.split()) for option in options])
    parts = listed_parts(text, found, labels)
    assert (parts.stem, parts.tail) == (stem, cue)
    assert f"{parts.stem}\n{parts.block}{parts.tail}" == text
