"""Tokens of responses, summed by task."""

from __future__ import annotations

from proctor.run.token_counts import TokenCounts
from proctor.types import Choice, Scores, Text, Usage


def test_texts_and_choices_are_summed_and_what_says_nothing_is_left_out():
    counts, more = TokenCounts(), TokenCounts()
    counts.add(Text("a", "stop", Usage(10, 4, 3, reasoning=2)))
    counts.add(Choice(0, "single", "text", "A", usage=Usage(5, 0, 1, written=5)))
    counts.add(Text("b"))
    counts.add(Scores(((-1.0, True),)))
    assert (counts.responses, counts.usage) == (2, Usage(15, 4, 4, 2, 5))
    more.add(Text("c", "stop", Usage(1, 0, 1)))
    counts.merge(more)
    assert (counts.responses, counts.usage) == (3, Usage(16, 4, 5, 2, 5))
