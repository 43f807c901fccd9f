"""``key=value`` text: lm-eval 0.4.13's reading where it has one, and sentences where it has none."""

from __future__ import annotations

import contextlib
import json
import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.settings.kwargs import flag_scalar, parse_pairs, parse_tokens, split_pieces, text_scalar

# What lm-eval 0.4.13 makes of these words after --model_args.
AS_LM_EVAL = [
    (["a=1", "b=2"], {"a": 1, "b": 2}),
    (["a=1,", "b=2"], {"a": 1, "b": 2}),
    (["a=[1,2],b=3"], {"a": [1, 2], "b": 3}),
    (["b=1", "a={'x':1,'y':2}"], {"b": 1, "a": {"x": 1, "y": 2}}),
    (['{"a": 1, "b": null}'], {"a": 1, "b": None}),
    (["a='x,y',b=2"], {"a": "x,y", "b": 2}),
    (['a="x,y",b=2'], {"a": "x,y", "b": 2}),
    (["a=it's,b=2"], {"a": "it's,b=2"}),
    (["a=[1,2,b=3"], {"a": "[1,2,b=3"}),
    (["a=1],b=3"], {"a": "1]", "b": 3}),
    (["a=True,b=FALSE,c=None,d=none"], {"a": True, "b": False, "c": None, "d": "none"}),
    (["a=-5,b=+5,c=007,d=1e-3,e=1_000"], {"a": -5.0, "b": 5.0, "c": 7, "d": 0.001, "e": 1000.0}),
    (["a="], {"a": ""}),
    (["a=b=c"], {"a": "b=c"}),
    (["a='x"], {"a": "'x"}),
    (["a='x\\n'"], {"a": "x\n"}),
    (["a=x\\ny"], {"a": "x\\ny"}),
    (["a=0x10"], {"a": 16}),
    (["a=٣"], {"a": 3}),
    (["a=TRUE "], {"a": "TRUE "}),
    (["a=None "], {"a": None}),
    (["a=f(1,2),b=1"], {"a": "f(1,2)", "b": 1}),
    (["a='[',b=1"], {"a": "[", "b": 1}),
    (["a=http://h:1/?q=1&r=2,b=1"], {"a": "http://h:1/?q=1&r=2", "b": 1}),
    (["until=['a','b'],temperature=0"], {"until": ["a", "b"], "temperature": 0}),
    ([""], {}),
    ([","], {}),
]

# Where lm-eval stops with a traceback or keeps what nobody meant.
BETTER = [
    (["pretrained=/m/{x}"], {"pretrained": "/m/{x}"}),
    (["a={'x': 1}"], {"a": {"x": 1}}),
    (["{'a': 1}"], {"a": 1}),
    (['{"a": 1}', "b=2"], {"a": 1, "b": 2}),
    (["b=2", '{"a": 1}'], {"a": 1, "b": 2}),
    (["a=1, b =2"], {"a": 1, "b": 2}),
    (["a=²"], {"a": "²"}),
    (["a='x\\'y,z',b=1"], {"a": "x'y,z", "b": 1}),
]


@pytest.mark.parametrize(("words", "value"), [*AS_LM_EVAL, *BETTER])
def test_words(words, value):
    found = parse_tokens(words)
    assert found == value
    assert [type(item) for item in found.values()] == [type(item) for item in value.values()]


@pytest.mark.parametrize("words", [["a"], ["a,b=1"], ["=1"], ["[1,2]"], ["5"], ["null"], ["a=[1,2],[3]"]])
def test_what_has_no_key_or_no_value_is_said(words):
    with pytest.raises(ValueError, match="expected key=value"):
        parse_tokens(words)


@pytest.mark.parametrize("word", ['{"a": }', "{a: 1}", "{"])
def test_broken_json_is_said_with_its_place(word):
    with pytest.raises(ValueError, match=r"not valid JSON .* at character \d+"):
        parse_tokens([word])


def test_json_must_be_an_object():
    with pytest.raises(ValueError, match="JSON object"):
        parse_tokens(["{1, 2}"])


def test_a_key_given_twice_keeps_the_last_value_and_is_said(caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        assert parse_tokens(["a=1,a=2", "a=3"]) == {"a": 3}
    assert "'a' is given twice" in caplog.text


@pytest.mark.parametrize("text", ["a=it's,b=2", "a=[1,b=2"])
def test_what_is_never_closed_is_said(text, caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        assert len(split_pieces(text)) == 1
    assert "never closed" in caplog.text


def test_flag_scalar_knows_numbers_that_are_none():
    assert math.isnan(flag_scalar("nan"))
    assert flag_scalar("-inf") == -math.inf


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-5", -5),
        ("+5", 5),
        ("007", 7),
        ("1e-3", 0.001),
        ("none", None),
        ("None", None),
        ("NULL", "NULL"),
        ("true", True),
        ("'1'", "1"),
        ('"y"', "y"),
        ("'", "'"),
        ("it's", "it's"),
        ("0x10", "0x10"),
        ("--5", "--5"),
        (" x ", "x"),
        ("", ""),
        ("[1, 'a']", [1, "a"]),
        ("[1", "[1"),
    ],
)
def test_the_other_reading(text, value):
    assert text_scalar(text) == value
    assert type(text_scalar(text)) is type(value)


def test_text_for_a_mapping():
    text = "pretrained=x,dtype=float32,a=-5,b=[1,2],c=none"
    assert parse_pairs(text) == {"pretrained": "x", "dtype": "float32", "a": -5, "b": [1, 2], "c": None}


KEYS = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_parsing_undoes_json(values):
    assert parse_tokens([json.dumps(values)]) == values


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_parsing_undoes_printing(values):
    assert parse_tokens([",".join(f"{key}={value!r}" for key, value in values.items())]) == values


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_words_and_commas_are_the_same(values):
    words = [f"{key}={value!r}" for key, value in values.items()]
    assert parse_tokens(words) == parse_tokens([",".join(words)])


@given(st.text(max_size=40))
def test_any_text_is_a_dictionary_or_a_sentence(text):
    for read in (lambda: parse_tokens([text]), lambda: parse_pairs(text)):
        with contextlib.suppress(ValueError):
            assert isinstance(read(), dict)
