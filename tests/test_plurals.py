"""Counts in messages have the right form of their noun."""

from __future__ import annotations

import pytest

from proctor.plurals import counted


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [
        (0, ("task",), "0 tasks"),
        (1, ("task",), "1 task"),
        (2000, ("row",), "2,000 rows"),
        (1500, ("reply", "replies"), "1,500 replies"),
        (1, ("reply", "replies"), "1 reply"),
        (0.5, ("GPU",), "0.5 GPUs"),
        (1.0, ("GPU",), "1 GPU"),
    ],
)
def test_a_count_has_the_form_of_its_noun(count, words, text):
    assert counted(count, *words) == text
