"""Values of a column in tables."""

from __future__ import annotations

from proctor.cli.cells import MOST, largest, value_text


def test_the_largest_are_shown_in_their_order():
    assert largest("abc", [1, 2, 3]) == ["a", "b", "c"]
    sizes = [1, *[5] * MOST, 1]
    assert largest(range(MOST + 2), sizes) == list(range(1, MOST + 1))


def test_a_value_is_one_short_line():
    assert value_text(None) == "(none)"
    assert value_text(" \n") == "(empty)"
    assert value_text("a\n b\x1b[31m") == "a b\\x1b[31m"
    assert value_text("가" * 50) == "가" * 39 + "…"
