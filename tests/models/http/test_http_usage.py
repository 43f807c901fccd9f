"""The tokens of a reply, in both forms, and whatever else may stand in their place."""

from __future__ import annotations

import pytest

from proctor.models.http.usage import usage_of
from proctor.types import Usage


def test_openai_counts_what_was_cached_and_what_was_thought():
    body = {
        "usage": {
            "prompt_tokens": 30,
            "completion_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 16},
            "completion_tokens_details": {"reasoning_tokens": 8},
        }
    }
    assert usage_of(body) == Usage(30, 16, 12, reasoning=8)


def test_anthropic_counts_the_cache_beside_the_rest():
    usage = {"input_tokens": 3, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 7, "output_tokens": 5}
    assert usage_of({"usage": usage}) == Usage(30, 20, 5, written=7)


@pytest.mark.parametrize("body", [{}, {"usage": None}, {"usage": 7}, {"usage": [1]}])
def test_a_reply_that_does_not_say(body):
    assert usage_of(body) is None


@pytest.mark.parametrize("count", [None, True, -1, 1.5, "9", [], 1 << 32])
def test_what_is_no_count_is_none(count):
    assert usage_of({"usage": {"prompt_tokens": count, "completion_tokens": 2}}) == Usage(0, 0, 2)
    assert usage_of({"usage": {"prompt_tokens": 1, "prompt_tokens_details": count}}) == Usage(1, 0, 0)
