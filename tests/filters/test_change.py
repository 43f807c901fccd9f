"""Filters that change responses. The cases are what lm-eval 0.4.13 gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.filters.change import Custom, FormatSpan, Lowercase, MapValues, RemoveWhitespace, Uppercase, format_span


def run(filtering, *texts):
    (outcome,) = filtering.apply([list(texts)], [{}])
    return outcome


def test_white_space_and_case():
    assert run(RemoveWhitespace(), " a b\n", "\u3000c") == ["a b", "c"]
    assert run(Lowercase(), "Ab", "É") == ["ab", "é"]
    assert run(Uppercase(), "Ab", "ß") == ["AB", "SS"]


def test_map():
    assert run(MapValues({"a": 1}), "a", "b") == [1, None]
    assert run(MapValues({"a": 1}, default_value=0), "b") == [0]
    assert run(MapValues(), "a") == [None]
    with pytest.raises(UsageError, match="takes a mapping as mapping_dict"):
        MapValues(["a"])  # type: ignore[arg-type]


def test_custom():
    def last(resps, docs):
        return [request[-1] + docs[i]["mark"] for i, request in enumerate(resps)]

    assert list(Custom(last).apply([["a", "b"]], [{"mark": "!"}])) == ["b!"]
    with pytest.raises(UsageError, match="takes a function as filter_fn") as caught:
        Custom("last")  # type: ignore[arg-type]
    assert "!function" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("PER: John $$ location: Paris, Rome $$ date: none", "per: john $ loc: paris $ loc: rome"),
        ("person : Ada $$ TIME: now\nORG: x$y, none, $", "per: ada $ date: now $ org: x"),
        ("places:a,b$$country : C  $$$$", "loc: a $ loc: b $ loc: c"),
        ("per:date:loc: x", "per: DATE:LOC: x"),
        ("the person said so", ""),
        ("", ""),
    ],
)
def test_named_entities(text, spans):
    assert format_span(text) == spans
    assert run(FormatSpan(), text) == [spans]


@given(st.lists(st.text(max_size=10), max_size=5))
def test_changes_keep_the_number_and_are_done_at_once(texts):
    for filtering in (RemoveWhitespace(), Lowercase(), Uppercase(), FormatSpan(), MapValues()):
        assert len(run(filtering, *texts)) == len(texts)
    once = run(RemoveWhitespace(), *texts)
    assert run(RemoveWhitespace(), *once) == once
