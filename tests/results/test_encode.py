"""Whatever a document holds becomes JSON, as lm-eval writes it."""

from __future__ import annotations

import datetime
import decimal
import json
import math
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.refs import Ref
from proctor.results.encode import both_forms, dumps, source_text

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec=None)),
    st.binary(max_size=8),
    st.datetimes(),
    st.decimals(),
    st.sampled_from([np.float32(0.5), np.int64(4), np.bool_(True), np.array([1.0, 2.0]), {"a"}, complex(1, 2), int]),
)
KEYS = st.one_of(st.text(max_size=5), st.integers(), st.none(), st.binary(max_size=3), st.tuples(st.integers()))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES)
def test_every_value_is_valid_json_that_utf8_can_hold(value):
    json.loads(dumps(value).encode("utf-8").decode("utf-8"))


@settings(deadline=None)
@given(JSON_VALUES)
def test_json_values_come_back_as_they_were(value):
    assert json.loads(dumps(value)) == value
    assert json.loads(dumps(value, indent=2)) == value


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_any_text_stays_on_one_line_and_comes_back(text):
    line = dumps({"text": text})
    assert "\n" not in line
    # Two surrogates that were written one after the other are one character to a reader of JSON.
    back = json.loads(line)["text"]
    assert back.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("한국어 é", '"한국어 é"'),
        ("\x00\n", '"\\u0000\\n"'),
        ("a\ud800b", '"a\\ud800b"'),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (np.float32(0.1), "0.10000000149011612"),
        (np.int64(7), "7"),
        (np.bool_(False), "false"),
        (np.array([0.25, 0.75]), '"[0.25 0.75]"'),
        ({"b", "a"}, '["a", "b"]'),
        (frozenset(), '"frozenset()"'),
        ((1, (2.0, True)), "[1, [2.0, true]]"),
        (b"\xff", "\"b'\\\\xff'\""),
        (datetime.datetime(2026, 1, 2, 3, 4), '"2026-01-02 03:04:00"'),
        (decimal.Decimal("1.10"), '"1.10"'),
        (MappingProxyType({"a": 1}), '{"a": 1}'),
        ({1: "a", None: "b", (2, 3): "c"}, '{"1": "a", "null": "b", "(2, 3)": "c"}'),
    ],
)
def test_goldens(value, text):
    assert dumps(value) == text


def test_a_value_that_contains_itself_ends():
    loop: dict = {"name": "loop"}
    loop["self"] = loop
    assert json.loads(dumps(loop)) == {"name": "loop", "self": "..."}


def test_a_number_too_long_for_decimals_is_written_in_hex():
    assert json.loads(dumps({"n": 1 << 20_000}))["n"] == hex(1 << 20_000)


def test_an_object_that_cannot_be_shown_is_named():
    class Shy:
        def __str__(self):
            raise RuntimeError("no")

    assert dumps(Shy()) == '"<Shy>"'


def helper(doc):
    return doc["question"]


def test_a_function_is_its_source(tmp_path):
    text = 'def helper(doc):\n    return doc["question"]\n'
    assert source_text(helper) == text
    assert json.loads(dumps({"doc_to_text": helper})) == {"doc_to_text": text}


def test_a_reference_is_the_source_of_what_it_names(tmp_path):
    (tmp_path / "utils.py").write_text("LIMIT = 3\n\ndef trim(docs):\n    return docs\n", encoding="utf-8")
    assert source_text(Ref(str(tmp_path), "utils.trim")) == "def trim(docs):\n    return docs\n"
    assert source_text(Ref(str(tmp_path), "utils.LIMIT")) == "3"


def test_a_reference_to_nothing_is_shown_as_written(tmp_path):
    assert source_text(Ref(str(tmp_path), "absent.trim")) == "!function absent.trim"


def test_a_builtin_has_no_source_but_a_name():
    assert source_text(len) == "<built-in function len>"


@settings(max_examples=100, deadline=None)
@given(VALUES | JSON_VALUES)
def test_both_forms_are_those_of_json(value):
    assert both_forms(value) == (dumps(value), dumps(value, indent=2))


@pytest.mark.parametrize(
    "value", [10**5000, {2, 1}, float("nan"), [[]], {"a": {}}, {"a": [1, {"b": None}]}], ids=range(6)
)
def test_both_forms_of_what_is_seldom(value):
    assert both_forms(value) == (dumps(value), dumps(value, indent=2))
