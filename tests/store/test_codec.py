"""Answers come back to the last bit and the last character, or not at all."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.answers import read_choice
from proctor.store.codec import FINISHES, ROUTES, assemble, join, pack, parts_of, unpack
from proctor.types import Choice, Choose, Generate, Loglikelihood, Rolling, RollingScore, Scores, Text, Usage

KEY = bytes(range(28))
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
TEXTS = st.text(st.characters(codec=None))
TOKENS = st.integers(0, 2**32 - 1)
USAGES = st.none() | st.builds(Usage, TOKENS, TOKENS, TOKENS) | st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS)
GENERATED = st.builds(Text, TEXTS, st.sampled_from([None, *FINISHES]), USAGES)
LABELS = st.lists(st.tuples(st.floats(allow_nan=False), st.booleans()), min_size=1, max_size=5)
CHOSEN = st.builds(
    lambda route, text, finish, usage, labels, mass: Choice(
        None,
        "",
        route,
        text,
        finish,
        usage,
        labels and tuple(logprob for logprob, _ in labels),
        tuple(at for at, (_, unseen) in enumerate(labels or ()) if unseen),
        mass,
    ),
    st.sampled_from(ROUTES),
    TEXTS,
    st.sampled_from([None, *FINISHES]),
    USAGES,
    st.none() | LABELS,
    st.none() | st.floats(0, 1),
)
PARTS = st.tuples(NUMBERS, st.booleans()) | st.tuples(NUMBERS, st.booleans(), TOKENS) | NUMBERS | GENERATED | CHOSEN
QUESTION = Choose("Which?", ("A", "B"), ("sun", "moon"))


def bits(part):
    if isinstance(part, tuple):
        return struct.pack("<d", part[0]), part[1:]
    return struct.pack("<d", part) if isinstance(part, float) else part


@given(PARTS)
def test_round_trip(part):
    again = unpack(KEY, pack(KEY, part))
    assert type(again) is type(part)
    assert bits(again) == bits(part)
    assert not isinstance(part, Text | Choice) or again.usage == part.usage


@given(PARTS, st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_noticed(part, place, change):
    value = bytearray(pack(KEY, part))
    value[place % len(value)] ^= change
    with pytest.raises(ValueError, match=r"damaged|not known"):
        unpack(KEY, bytes(value))


@given(PARTS, st.integers(0, 10_000))
def test_bytes_that_are_cut_short_are_noticed(part, length):
    value = pack(KEY, part)
    with pytest.raises(ValueError, match=r"damaged|not known"):
        unpack(KEY, value[: length % len(value)])


def test_a_value_belongs_to_its_key():
    with pytest.raises(ValueError, match="damaged"):
        unpack(KEY[::-1], pack(KEY, Text("text")))


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (Loglikelihood("a", ("b", "c")), Scores(((-1.5, True), (-math.inf, False)))),
        (Rolling("a"), RollingScore(-0.1)),
        (Generate("a", {}), Text("\ud83d b\x00")),
        (Generate("a", {}), Text("", "length", Usage(9, 2, 1))),
        (QUESTION, read_choice(QUESTION, "text", "Answer: B", finish="stop")),
        (QUESTION, read_choice(QUESTION, "text", "", finish="length")),
        (QUESTION, read_choice(QUESTION, "letters", "A", logprobs=(-0.1, -3.0), unseen=(1,), label_mass=0.9)),
    ],
)
def test_an_answer_is_taken_apart_and_put_together(request_, response):
    assert join(request_, parts_of(response)) == response


def test_an_answer_of_another_kind_is_none():
    for request in (Loglikelihood("a", ("b",)), Rolling("a"), Generate("a", {}), QUESTION):
        strange = Text("text") if not isinstance(request, Generate) else 1.0
        with pytest.raises(ValueError, match="another kind"):
            join(request, [strange])


def test_a_choice_is_read_from_the_reply_again():
    stale = Choice(0, "single", "text", "Answer: B")
    assert join(QUESTION, parts_of(stale)) == Choice(1, "whole", "text", "Answer: B")


def test_what_is_damaged_counts_as_missing():
    good, bad = pack(KEY, (-1.0, True)), b"S" + bytes(13)
    assert assemble([KEY, b"other"], {KEY: good, b"other": bad}) == [(-1.0, True), None]
    assert assemble([KEY], {}) == [None]


@pytest.mark.parametrize("value", [5, 1.5, "text", None, b"", b"S"])
def test_a_row_that_comes_out_as_something_else_is_damaged(value):
    with pytest.raises(ValueError, match="damaged"):
        unpack(b"k", value)
    assert unpack(b"k", pack(b"k", Text("a\ud800\0b"))) == Text("a\ud800\0b")


def test_the_tokens_of_continuations_come_back_only_if_all_are_known():
    request = Loglikelihood("a", ("b", "c"))
    response = Scores(((-1.5, True), (-2.0, False)), (1, 3))
    parts = parts_of(response)
    assert parts == ((-1.5, True, 1), (-2.0, False, 3))
    assert join(request, parts).tokens == (1, 3)
    mixed = join(request, (parts[0], (-2.0, False)))
    assert mixed == response
    assert mixed.tokens is None
