from __future__ import annotations

import json
import math
import random

from hypothesis import given
from hypothesis import strategies as st
from report_pages import unpacked

from proctor.html_report.packed import as_json, inline_json, packed, packed_columns, packed_json

ANY = st.text(st.characters(blacklist_categories=()))


@given(st.binary())
def test_bytes_are_read_back(data):
    assert unpacked(packed(data)) == data


@given(st.lists(st.binary(max_size=9).map(lambda seed: seed * 1000)))
def test_columns_are_read_back_as_one(columns):
    assert unpacked(packed_columns(columns)) == b"".join(columns)


def test_letters_are_dense_and_plain():
    # Raw bytes that nothing makes smaller, and 5 of deflate around them.
    text = packed(random.Random(0).randbytes(5000))
    assert len(text) == math.ceil(5005 * 16 / 13)
    assert set(text) == set(map(chr, range(ord("#"), ord("~") + 1))) - {"<"}


def test_columns_without_repetition_are_deflated_by_what_is_frequent():
    source = random.Random(0)
    noise, repeated = bytes(int(abs(source.gauss(0, 20))) for _ in range(20_000)), bytes(range(256)) * 40
    assert len(packed_columns([noise, repeated])) < 0.97 * len(packed(noise + repeated))


@given(ANY)
def test_any_text_is_read_back(text):
    assert json.loads(unpacked(packed_json([text])).decode("utf-8")) == [text]
    assert json.loads(inline_json({"a": text})) == {"a": text}


def test_nothing_ends_a_script_element():
    assert "<" not in inline_json("</script><!--")
    assert as_json("\ud800") == '"\\ud800"'
