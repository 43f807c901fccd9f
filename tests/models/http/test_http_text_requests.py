"""Payloads and replies of requests for texts: one reply is one response, whatever it holds."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.messages import Message
from proctor.models.generation import plan_generation
from proctor.models.http import text_requests
from proctor.types import Text, Usage

PLAN = plan_generation({"until": ["\n\n", "Q:"], "max_gen_toks": 32})


def test_fields_of_a_completion():
    assert text_requests.completion_fields(PLAN, 7) == {
        "max_tokens": 32,
        "temperature": 0,
        "stop": ["\n\n", "Q:"],
        "seed": 7,
    }
    sampled = plan_generation({"do_sample": True, "temperature": 0.7, "top_p": 0.9})
    fields = text_requests.completion_fields(sampled, 1)
    assert (fields["temperature"], fields["top_p"]) == (0.7, 0.9)
    assert "stop" not in fields


def test_a_chat_api_takes_four_stop_strings():
    plan = plan_generation({"until": list("abcdef"), "max_gen_toks": 3})
    fields = text_requests.chat_fields(plan, 1, length_name="max_completion_tokens")
    assert fields["stop"] == list("abcd")
    assert fields["max_completion_tokens"] == 3
    assert "max_tokens" not in fields
    # The others are looked for in the reply.
    body = {"choices": [{"message": {"content": "x e y"}}]}
    assert text_requests.read_chat(body, plan).text == "x "


def test_anthropic_takes_no_seed_and_no_blank_stop():
    fields = text_requests.anthropic_fields(PLAN)
    assert fields == {"max_tokens": 32, "temperature": 0, "stop_sequences": ["Q:"]}
    assert "stop_sequences" not in text_requests.anthropic_fields(plan_generation({"until": "\n"}))


def test_anthropic_messages_mark_what_documents_share():
    chat = text_requests.anthropic_messages(
        [Message("system", "s"), Message("user", "q1"), Message("assistant", "a1"), Message("user", "q2")]
    )
    assert chat["system"] == [{"type": "text", "text": "s"}]
    marks = ["cache_control" in turn["content"][0] for turn in chat["messages"]]
    assert marks == [False, True, False]
    alone = text_requests.anthropic_messages([Message("system", "s"), Message("user", "q")])
    assert "cache_control" in alone["system"][0]
    with pytest.raises(UsageError):
        text_requests.anthropic_messages([Message("system", "s")])


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        ([], ""),
        ([{"type": "text", "text": "a"}], "a"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}], "a"),
        ([{"type": "redacted_thinking", "data": "x"}], ""),
        ([{"type": "text", "text": None}, 5], ""),
    ],
)
def test_blocks(blocks, text):
    body = {"content": blocks, "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 1}}
    found = text_requests.read_anthropic(body, PLAN)
    assert (found.text, found.finish, found.usage) == (text, "stop", Usage(3, 0, 1))


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("end_turn", "stop"), ("max_tokens", "length"), ("refusal", "filter"), ("pause_turn", None), (None, None)],
)
def test_why_a_message_ended(reason, finish):
    assert text_requests.read_anthropic({"content": [], "stop_reason": reason}, PLAN).finish == finish


@pytest.mark.parametrize(
    ("message", "reason", "expected"),
    [
        ({"content": "a"}, "stop", Text("a", "stop")),
        ({"content": None}, "content_filter", Text("", "filter")),
        ({"content": None, "refusal": "I cannot"}, "stop", Text("I cannot", "filter")),
        ({"content": [{"type": "text", "text": "a"}]}, "length", Text("a", "length")),
        ({"content": "one\n\ntwo"}, "stop", Text("one", "stop")),
        ({"content": None, "reasoning_content": "hm"}, "length", Text("", "length")),
    ],
)
def test_chats(message, reason, expected):
    assert text_requests.read_chat({"choices": [{"message": message, "finish_reason": reason}]}, PLAN) == expected


def test_usage_counts_what_was_cached():
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}
    body = {"choices": [{"text": "x"}], "usage": usage}
    assert text_requests.read_completion(body, PLAN).usage == Usage(9, 8, 2)
    anthropic = {"input_tokens": 1, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 2, "output_tokens": 5}
    assert text_requests.read_anthropic({"content": [], "usage": anthropic}, PLAN).usage == Usage(11, 8, 5, written=2)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "text", "type", "usage", "finish_reason", "refusal"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_any_body_is_one_text_or_said_to_be_none(body):
    for read in (text_requests.read_completion, text_requests.read_chat, text_requests.read_anthropic):
        with suppress(ValueError):
            assert isinstance(read(body, PLAN), Text)
