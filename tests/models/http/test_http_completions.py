"""Replies of ``/v1/completions`` are read strictly: what does not have its route's shape is not believed."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub_api import VOCABULARY, Stub, distribution

from proctor.models.http import completions
from proctor.models.http.completions import UnbelievableReplyError

IDS = [5, 9, 2, 33]


def body(fields, prompt=IDS, **stub):
    payload = {**completions.base_payload("tiny", prompt, 1), **fields}
    response = Stub(**stub).completion(payload)
    return json.loads(response.text)


def value(token, prompt=IDS):
    return pytest.approx(distribution(list(prompt))[token])


def best(prompt=IDS):
    row = distribution(list(prompt))
    return max(range(VOCABULARY), key=row.__getitem__)


def test_named_ids():
    greedy = best()
    ids = [greedy, (greedy + 1) % VOCABULARY]
    found = completions.read_next(body(completions.named_ids(ids)), ids)
    assert found == [(value(ids[0]), True), (value(ids[1]), False)]


def test_an_id_that_is_missing_is_not_minus_infinity():
    improbable = min(range(VOCABULARY), key=distribution(IDS).__getitem__)
    with pytest.raises(UnbelievableReplyError, match=f"token id {improbable} is not in the reply"):
        completions.read_next(body(completions.top_logprobs(5)), [improbable])


def test_a_forced_token_has_its_raw_value():
    token = (best() + 3) % VOCABULARY
    assert completions.read_forced(body(completions.forced(token)), token) == value(token)
    with pytest.raises(UnbelievableReplyError, match="was not forced"):
        completions.read_forced(body(completions.top_logprobs(1)), token)


@pytest.mark.parametrize("scored", [1, 2, 3])
def test_echo_and_prompt_values_agree(scored):
    prompt = [*IDS, best()]
    expected = sum(distribution(prompt[:place])[prompt[place]] for place in range(len(prompt) - scored, len(prompt)))
    greedy = scored == 1
    echo = completions.read_echo(body(completions.echo(), prompt), len(prompt), scored)
    inside = completions.read_prompt(body(completions.prompt_logprobs(), prompt), prompt, scored)
    assert echo == inside == (pytest.approx(expected), greedy)


def test_echo_counts_positions_from_the_front():
    prompt = [*IDS, best()]
    reply = body(completions.echo(), prompt)
    logprobs = reply["choices"][0]["logprobs"]
    for name in ("token_logprobs", "top_logprobs", "tokens"):
        logprobs[name] = logprobs[name][: len(prompt)]
    assert completions.read_echo(reply, len(prompt), 1) == (value(prompt[-1]), True)
    logprobs["token_logprobs"].pop()
    with pytest.raises(UnbelievableReplyError, match="token by token"):
        completions.read_echo(reply, len(prompt), 1)


@pytest.mark.parametrize("wrong", [None, math.nan, math.inf, -math.inf, 0.5, "-1", True, [], {}])
def test_what_is_no_log_probability(wrong):
    reply = body(completions.named_ids([best()]))
    reply["choices"][0]["logprobs"]["top_logprobs"][0][completions.token_key(best())] = wrong
    with pytest.raises(UnbelievableReplyError):
        completions.read_next(reply, [best()])


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [1]},
        {"choices": [{}, {}]},
        {"choices": [{"logprobs": None}]},
        {"choices": [{"logprobs": {"tokens": [], "token_logprobs": [], "top_logprobs": []}}]},
        {"choices": [{"logprobs": {"tokens": [5], "token_logprobs": [-1], "top_logprobs": [{}]}}]},
        {"choices": [{"logprobs": {"content": [{"token": "a", "logprob": -1}]}}]},
        {"choices": [{"prompt_logprobs": [None, {"5": -1}]}]},
    ],
)
def test_bodies_that_hold_nothing(reply):
    for read in (
        lambda: completions.read_next(reply, [1]),
        lambda: completions.read_forced(reply, 1),
        lambda: completions.read_echo(reply, 2, 1),
        lambda: completions.read_prompt(reply, [4, 5], 1),
    ):
        with pytest.raises(UnbelievableReplyError):
            read()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "logprobs", "tokens", "token_logprobs", "top_logprobs", "prompt_logprobs", "1"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_no_body_breaks_the_reading(reply):
    for read in (
        lambda: completions.read_next(reply, [1]),
        lambda: completions.read_echo(reply, 2, 1),
        lambda: completions.read_prompt(reply, [4, 1], 1),
    ):
        with suppress(UnbelievableReplyError):
            read()


@pytest.mark.parametrize(("key", "token"), [("token_id:7", 7), ("token_id:", None), (" the", None), ("7", None)])
def test_ids_in_keys(key, token):
    assert completions.token_id(key) == token
