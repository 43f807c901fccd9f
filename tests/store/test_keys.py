"""A key stands for one answer: equal exactly where model, request, chance and repeat are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.messages import Message
from proctor.store.keys import Keys, canonical, identity_digest
from proctor.types import Choose, Generate, Loglikelihood, Rolling

TEXTS = st.text(st.characters(codec=None), max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
CHATS = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=3).map(tuple)
REQUESTS = st.one_of(
    st.builds(Loglikelihood, TEXTS, st.lists(TEXTS, min_size=1, max_size=3).map(tuple)),
    st.builds(Rolling, TEXTS),
    st.builds(
        Choose,
        TEXTS | CHATS,
        st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
        st.lists(TEXTS, max_size=2).map(tuple),
        st.sampled_from(["auto", "text"]),
    ),
    st.builds(Generate, TEXTS | CHATS, st.dictionaries(st.sampled_from(["until", "top_k", "x"]), PLAIN, max_size=3)),
)
MODEL = {"weights": "abc", "scoring": {"exactness": "exact"}, "generation": {"truncation": False}}


def value(thing):
    """A value with its types, where 1 and 1.0 are one number; NaN is equal to itself."""
    if isinstance(thing, dict):
        return "dict", tuple(sorted((key, value(item)) for key, item in thing.items()))
    if isinstance(thing, list | tuple):
        return "list", tuple(map(value, thing))
    if isinstance(thing, bool) or not isinstance(thing, int | float):
        return type(thing).__name__, repr(thing)
    return "number", repr(int(thing) if isinstance(thing, float) and thing.is_integer() else thing)


def content(request):
    if isinstance(request, Loglikelihood):
        return "L", request.context, request.continuations
    if isinstance(request, Rolling):
        return "R", request.text
    if isinstance(request, Choose):
        return "C", request.prompt, request.labels, request.options, request.route
    return "G", request.prompt, value(request.kwargs)


@given(REQUESTS, REQUESTS, st.integers(0, 2), st.integers(0, 2))
def test_keys_are_equal_where_requests_and_repeats_are(one, other, first, second):
    keys = Keys(MODEL, (1,))
    same = content(one) == content(other) and first == second
    assert (keys.of(one, first) == keys.of(other, second)) is same
    assert all(16 <= len(key) <= 32 for key in keys.of(one, first))


@given(PLAIN, PLAIN)
def test_canonical_forms_are_equal_where_values_are(one, other):
    assert (canonical(one) == canonical(other)) is (value(one) == value(other))


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=5, unique=True), st.randoms())
def test_shuffled_choices_and_one_more_find_what_is_there(context, choices, random):
    keys = Keys(MODEL)
    before = dict(zip(choices, keys.of(Loglikelihood(context, tuple(choices))), strict=True))
    shuffled = random.sample(choices, len(choices))
    after = keys.of(Loglikelihood(context, (*shuffled, "another")))
    assert [before[choice] for choice in shuffled] == list(after[:-1])
    assert len(set(before.values())) == len(choices)


def test_a_context_and_its_continuation_are_not_run_together():
    keys = Keys(MODEL)
    assert keys.of(Loglikelihood("ab", ("c",))) != keys.of(Loglikelihood("a", ("bc",)))
    assert keys.of(Loglikelihood("", ("a",))) != keys.of(Rolling("a"))


# lm-eval 0.4.13 has no model in its keys: its issues 2715 and 4063


@pytest.mark.parametrize("request_", [Loglikelihood("a", ("b",)), Rolling("a"), Generate("a", {"until": ["\n"]})])
def test_another_model_has_other_keys(request_):
    key = Keys(MODEL).of(request_)
    assert Keys({**MODEL, "weights": "abd"}).of(request_) != key
    assert Keys(dict(reversed(MODEL.items()))).of(request_) == key


def test_what_matters_to_texts_alone_leaves_scores_alone_and_the_other_way_round():
    scored, generated = Loglikelihood("a", ("b",)), Generate("a", {})
    other_texts = Keys({**MODEL, "generation": {"truncation": True}})
    other_scores = Keys({**MODEL, "scoring": {"exactness": "tree"}})
    assert other_texts.of(scored) == Keys(MODEL).of(scored) != other_scores.of(scored)
    assert other_scores.of(generated) == Keys(MODEL).of(generated) != other_texts.of(generated)
    assert len({Keys(MODEL).digest, other_texts.digest, other_scores.digest}) == 3


# lm-eval 0.4.13 keeps one answer for all repeats: its issue 3046


def test_every_repeat_of_a_sampled_text_has_a_key_of_its_own():
    keys = Keys(MODEL, (0, 1, 2))
    request = Generate("a", {"do_sample": True, "temperature": 0.7})
    assert len({keys.of(request, repeat) for repeat in range(100)}) == 100


def test_a_seed_counts_where_chance_does():
    sampled, greedy = Generate("a", {"temperature": 0.7}), Generate("a", {"temperature": 0.0})
    assert Keys(MODEL, (1,)).of(sampled) != Keys(MODEL, (2,)).of(sampled)
    assert Keys(MODEL, (1,)).of(greedy) == Keys(MODEL, (2,)).of(greedy)


def test_roles_order_and_contents_of_a_chat_are_keyed_and_its_text_is_another_request():
    one, two = Message("user", "a"), Message("assistant", "b")
    prompts = [
        *((one, two), (two, one), (one,), (one, one)),
        *((Message("system", "a"), two), (Message("user", "ab"),), (Message("user", "a"), Message("assistant", "c"))),
        *('[["user","a"],["assistant","b"]]', "ab", ""),
    ]
    keys = Keys(MODEL)
    assert len({keys.of(Generate(prompt, {})) for prompt in prompts}) == len(prompts)
    assert keys.of(Generate((one, two), {})) == keys.of(Generate((Message("user", "a"), two), {}))


def test_the_keys_of_texts_are_those_of_stores_that_are_there():
    [key] = Keys(MODEL, (1,)).of(Generate("a", {"until": ["\n"]}))
    assert key.hex() == "7e1f5099073793b07a9ef518755d8810b99cebb3ec0b62f1a810ad59"


def test_what_no_key_can_stand_for_has_none():
    assert Keys(MODEL, (None, None)).of(Generate("a", {"do_sample": True})) == ()
    assert Keys(MODEL).of(Generate("a", {"stop": object()})) == ()
    assert Keys(MODEL).of(Generate("a", {"temperature": "warm"})) == ()
    with pytest.raises(TypeError):
        identity_digest({"weights": b"bytes"})
    with pytest.raises(TypeError):
        canonical({1: 2})


@pytest.mark.parametrize(
    ("kwargs", "sampled"),
    [
        ({}, False),
        ({"temperature": 0.0}, False),
        ({"temperature": 0.5}, True),
        ({"do_sample": False, "temperature": 0.5}, False),
        ({"do_sample": True}, True),
    ],
)
def test_what_is_sampled(kwargs, sampled):
    assert Generate("prompt", kwargs).is_sampled is sampled


def test_nothing_of_a_score_is_sampled():
    assert not Loglikelihood("context", ("continuation",)).is_sampled
    assert not Rolling("text").is_sampled
