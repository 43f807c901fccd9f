"""One array of samples, value by value."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from proctor.errors import DataError
from proctor.results.json_array import begins_array, read_array


def values(text):
    return list(read_array(Path("x.jsonl"), io.BytesIO(text.encode())))


@pytest.mark.parametrize("text", ["[1, {}]", " \n[1,\n{}\n]\n", "\ufeff[1 ,{} ]"])
def test_values_with_their_places(text):
    stream = io.BytesIO(text.encode())
    assert begins_array(stream)
    assert stream.tell() == 0
    assert values(text) == [(1, 1), (2, {})]


def test_lines_are_none():
    assert not begins_array(io.BytesIO(b'{"doc_id": 0}\n'))
    assert not begins_array(io.BytesIO(b""))


def test_what_is_damaged_is_a_sentence():
    with pytest.raises(DataError, match=r"Sample 2 of x\.jsonl is not JSON"):
        values("[1, {]")
    with pytest.raises(DataError, match="ends within its array, after 1 sample"):
        values("[1, ")
