from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from report_pages import unpacked

from proctor.html_report.packed import as_json, inline_json, packed, packed_json

ANY = st.text(st.characters(blacklist_categories=()))


@given(st.binary())
def test_bytes_are_read_back(data):
    assert unpacked(packed(data)) == data


@given(ANY)
def test_any_text_is_read_back(text):
    assert json.loads(unpacked(packed_json([text])).decode("utf-8")) == [text]
    assert json.loads(inline_json({"a": text})) == {"a": text}


def test_nothing_ends_a_script_element():
    assert "<" not in inline_json("</script><!--")
    assert as_json("\ud800") == '"\\ud800"'
