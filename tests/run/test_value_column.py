"""Rows that are held as runs come out as they went in."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from proctor.run.value_column import ValueColumn

FLAGS = st.sampled_from([0.0, 1.0])
VALUES = FLAGS | st.sampled_from([-0.0, 0, 1, True, False]) | st.floats(allow_nan=False)
ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), FLAGS)) | st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 2), VALUES)
)


def column_of(rows):
    column = ValueColumn()
    for row in rows:
        column.add(*row)
    return column


@given(ROWS)
def test_rows_come_out_as_they_went_in(rows):
    column = column_of(rows)
    # By repr: 1, 1.0 and True are equal, and so are 0.0 and -0.0.
    assert repr(list(zip(column.doc_ids, column.variants, column.values, strict=True))) == repr(rows)
    assert len(column) == len(rows)


@given(ROWS)
def test_sorted_rows_are_those_of_the_split(rows):
    column = column_of(rows).sort()
    found = list(zip(column.doc_ids, column.variants, column.values, strict=True))
    assert [row[:2] for row in found] == sorted(row[:2] for row in rows)
    assert sorted(map(repr, found)) == sorted(map(repr, rows))


def test_documents_in_order_are_one_run():
    assert column_of([(number, 0, 1.0) for number in range(5)]).doc_ids == range(5)
    assert column_of([(number, 0, 1.0) for number in (3, 4, 7)]).doc_ids == [3, 4, 7]
    assert column_of([]).doc_ids == []


def test_a_document_in_order_takes_a_byte_or_its_value_and_no_more():
    column = ValueColumn()
    tracemalloc.start()
    for number in range(100_000):
        column.add(number, 0, 1.0)
    flags, _ = tracemalloc.get_traced_memory()
    column.add(100_000, 0, 0.5)
    values, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert flags < 2 * 100_000
    assert values < 10 * 100_000
