"""The quick way to a line of a samples file gives byte for byte what the dictionary gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.records import FormulationOutcome, ItemChoices
from proctor.results.encode import dumps
from proctor.results.hashes import record_hashes
from proctor.results.sample_text import sample_text
from proctor.results.schema import sample_line

from .conftest import make_record

TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
FLOATS = st.floats(width=64)
PAIRS = st.tuples(FLOATS, st.booleans())
LEAVES = st.none() | st.booleans() | st.integers() | FLOATS | TEXTS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
CHATS = st.lists(st.fixed_dictionaries({"role": TEXTS, "content": TEXTS}), min_size=1, max_size=2)
REQUESTS = st.lists(st.tuples(TEXTS | CHATS, TEXTS | st.just({"until": ["\n"], "api_key": "secret"})), max_size=4)


def is_equal(record):
    """Whether both ways agree."""
    line, hashes = sample_text(record)
    assert line == dumps(sample_line(record)).encode("utf-8") + b"\n"
    assert hashes == "".join(record_hashes(record))
    return True


@settings(max_examples=100, deadline=None)
@given(
    doc=st.dictionaries(TEXTS, VALUES, max_size=4),
    target=VALUES,
    requests=REQUESTS,
    responses=st.lists(st.lists(PAIRS | TEXTS | VALUES, max_size=3).map(tuple), max_size=4),
    filtered=st.none() | st.lists(VALUES | PAIRS, max_size=4),
    metrics=st.dictionaries(TEXTS | st.sampled_from(["doc", "error", "acc", "tokens"]), VALUES, max_size=3),
    error=st.none() | TEXTS,
)
def test_both_ways_give_the_same_bytes(doc, target, requests, responses, filtered, metrics, error):
    handed_on = tuple([repeats[0] if repeats else None for repeats in responses])
    record = make_record(
        doc=doc,
        target=target,
        arguments=tuple(requests),
        responses=tuple(responses),
        filtered=handed_on if filtered is None else tuple(filtered),
        metrics=metrics,
        error=error,
    )
    assert is_equal(record)


def test_one_prompt_of_several_requests_and_another_one_between():
    first, second = "What?", {"role": "x"}
    for order in ([first, first, second, first], [second, second], ["a", "b", "b"]):
        assert is_equal(make_record(arguments=tuple([(prompt, " A") for prompt in order])))


@pytest.mark.parametrize("arguments", [(None, "a"), (), ("a",), (None,), ("a", None), ("a", "b", "c"), (1, 2)])
def test_requests_of_any_form(arguments):
    assert is_equal(make_record(arguments=(arguments, ("Q", "A"), arguments)))


def test_an_argument_that_is_the_prompt_is_no_prompt():
    text = "same"
    assert is_equal(make_record(arguments=((text, text), (text,), (), ([], text))))


NUMBERS = [math.nan, math.inf, -math.inf, np.float64(0.5), np.int64(3), True, 10**5000, {1, 2}]


@pytest.mark.parametrize("value", NUMBERS, ids=range(8))
def test_numbers_that_json_writes_in_its_own_way(value):
    assert is_equal(make_record(metrics={"acc": value}, doc={"a": value, "b": [value]}))


@pytest.mark.parametrize("value", [math.nan, -math.inf, np.float64(0.5), np.int64(3), 0, None])
def test_responses_that_are_no_plain_pairs(value):
    assert is_equal(make_record(responses=(((value, False),), (value,)), filtered=((value, False), value)))
    assert is_equal(make_record(responses=(((0.5, value),), ([0.5, True],)), filtered=((0.5, value), [0.5, True])))


def test_a_value_that_contains_itself_and_keys_that_are_no_texts():
    doc: dict = {"a": 1}
    doc["self"] = doc
    assert is_equal(make_record(doc=doc))
    assert is_equal(make_record(doc={1: "a", None: "b", (2, 3): "c"}))
    assert is_equal(make_record(doc=["no", "mapping"]))


def test_a_text_that_is_more_than_a_text():
    class Word(str):
        __slots__ = ()

    assert is_equal(make_record(doc={"a": Word("b")}, arguments=((Word("c"), Word("d")),), target=Word("e")))


def test_what_stands_behind_the_metrics():
    outcome = FormulationOutcome("text", "task", ("A",), ("x",), (0,), tokens=(3, 4))
    item = ItemChoices(("x", "y"), (0,), "free")
    record = make_record(error="filter failed", variant=2, item=item, order=(1, 0), formulation="text", outcome=outcome)
    line = sample_line(record)
    assert list(line)[-5:] == ["error", "variant", "order", "formulation", "tokens"]
    assert is_equal(record)


def test_a_document_number_that_is_none_of_ours():
    assert is_equal(make_record(doc_id=np.int64(7)))
    assert is_equal(make_record(doc_id=True))
