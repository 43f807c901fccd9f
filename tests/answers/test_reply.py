"""A reply as plain text: reasoning and markup go, letters become plain, and its length is limited."""

from __future__ import annotations

import pytest

from proctor.answers.reply import BOX, LONGEST, after_reasoning, plain_letters, shorten, without_markup


@pytest.mark.parametrize(
    ("reply", "rest"),
    [
        ("B", "B"),
        ("<think>A</think>B", "B"),
        ("A</think>B", "B"),
        ("<think>A</think><think>C</think>B", "B"),
        ("<think>A", None),
        ("<think>A</think>B<think>C", None),
        ("[THINK]A[/THINK]B", "B"),
    ],
)
def test_reasoning_ends_at_its_last_closing_tag(reply, rest):
    assert after_reasoning(reply) == rest


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Ｃ", "C"),
        ("①", "(1)"),
        ("⑩", "(10)"),
        ("⑴", "(1)"),
        ("Ⓑ", "(B)"),
        ("❸", "(3)"),
        ("𝐁", "B"),
        ("㉢", "(ㄷ)"),
        ("㈏", "(나)"),
    ],
)
def test_letters_become_those_that_are_typed(typed, plain):
    assert plain_letters(typed) == plain


@pytest.mark.parametrize("typed", ["x²", "ㄱ", "정답", "½", "A"])
def test_what_is_plain_already_stays(typed):
    assert plain_letters(typed) == typed


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("**B**", "B"),
        ("ANSWER: $B$", "ANSWER: B"),
        ("$\\boxed{\\text{C}}$", f"{BOX}C"),
        ("## Answer\n\n> **J**", "Answer\nJ"),
        ("<answer>C</answer>", "answer: C"),
        ("<B>", "<B>"),
        ("snake_case", "snake_case"),
        ("a  \t b \n\n\n c", "a b\nc"),
    ],
)
def test_markup_goes_and_blanks_become_one(marked, text):
    assert without_markup(marked) == text


def test_a_long_text_keeps_its_beginning_and_its_end():
    text = "a" * 10 + "b" * 2_000_000 + "c" * 10
    short = shorten(text)
    assert len(short) == LONGEST
    assert short.startswith("a" * 10 + "b")
    assert short.endswith("b" + "c" * 10)
    assert shorten(short) == short
