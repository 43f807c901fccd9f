"""From what a model gave to the option that it chose."""

from __future__ import annotations

import pytest

from proctor.answers import read_choice
from proctor.types import Choose, Usage

QUESTION = Choose("Which?", ("A", "B", "C"), ("sun", "moon", "star"))


@pytest.mark.parametrize(
    ("logprobs", "unseen", "text", "picked", "how"),
    [
        ((-1.0, -0.5, -2.0), (), "B", 1, "letters"),
        ((-0.5, -0.5, -2.0), (), "A", 0, "letters"),
        ((-1.0, -0.5, -2.0), (1,), "A", 0, "letters"),  # a bound is no log-probability
        ((-9.0, -9.0, -9.0), (0, 1, 2), "C", 2, "whole"),
        ((-9.0, -9.0, -9.0), (0, 1, 2), "The", None, "no_label"),
        (None, (), "It is the moon.", 1, "option_text"),
    ],
)
def test_the_likeliest_label_counts_and_without_one_the_text(logprobs, unseen, text, picked, how):
    choice = read_choice(QUESTION, "letters", text, logprobs=logprobs, unseen=unseen, finish="stop")
    assert (choice.picked, choice.how) == (picked, how)


def test_what_the_model_gave_is_all_there():
    usage = Usage(5, 0, 1)
    choice = read_choice(
        QUESTION, "letters", "B", finish="length", usage=usage, logprobs=[-3.0, -1.0, -2.0], unseen=[0], label_mass=0.5
    )
    assert choice.values == ((1, "letters", "letters", "B", "length", (-3.0, -1.0, -2.0), (0,), 0.5),)
    assert choice.usage == usage
