"""Which inputs are forwarded, and in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proctor.models.prefix.rows import make_rows, make_span

IDS = st.lists(st.integers(0, 3), min_size=1, max_size=4)


@given(pairs=st.lists(st.tuples(IDS, IDS), max_size=12), share=st.booleans())
def test_every_span_is_in_one_row_with_its_own_input(pairs, share):
    spans = [make_span(owner, *pair) for owner, pair in enumerate(pairs)]
    rows = make_rows(spans, share=share)
    assert sorted(span.owner for row in rows for span in row.spans) == list(range(len(pairs)))
    for row in rows:
        assert all(span.tokens[:-1].tolist() == row.lead.tokens[:-1].tolist() for span in row.spans)
        assert all(span.count <= row.lead.count for span in row.spans)
    if not share:
        assert len(rows) == len(pairs)


@given(pairs=st.lists(st.tuples(IDS, IDS), max_size=12))
def test_rows_are_sorted_by_length_then_by_ids(pairs):
    rows = make_rows([make_span(owner, *pair) for owner, pair in enumerate(pairs)], share=True)
    keys = [(-len(row.lead.tokens), row.lead.tokens.tolist()) for row in rows]
    assert keys == sorted(keys)


def test_large_ids_sort_as_numbers():
    rows = make_rows([make_span(0, [300], [1]), make_span(1, [2], [1])], share=True)
    assert [row.lead.owner for row in rows] == [1, 0]


def test_a_span_knows_its_two_parts():
    span = make_span(0, [1, 2], [3])
    assert (span.context.tolist(), span.scored.tolist()) == ([1, 2], [3])
