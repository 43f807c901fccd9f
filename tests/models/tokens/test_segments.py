"""Texts encoded by parts have the ids of the whole: always, on every kind of tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tiny_tokenizers import (
    KINDS,
    REQUESTS,
    SHARED,
    TEXTS,
    by_definition,
    cut_everything,
)

from proctor.models.tokens.tokenizer import Tokens

_cut_everything = pytest.fixture(autouse=True)(cut_everything)


def check(tokenizer, shared: str, requests) -> None:
    tokens = Tokens(tokenizer, max_length=64)
    requests = [(shared + context, tuple(texts)) for context, texts in requests if shared + context]
    found = tokens.encode_requests(requests)
    for (context, texts), (ids, tails) in zip(requests, found, strict=True):
        for text, tail in zip(texts, tails, strict=True):
            assert (ids.tolist(), tail) == by_definition(tokens, context, text)
    contexts = [context for context, _ in requests]
    # Otherwise a difference was noticed, and no test should rely on that.
    assert not tokens._shared.given_up
    assert tokens.encode_many(contexts, False) == [
        tokenizer(context, add_special_tokens=False)["input_ids"] for context in contexts
    ]
    assert not tokens._shared.given_up


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100)
@given(shared=TEXTS, requests=REQUESTS)
def test_parts_are_the_whole(kinds, kind, shared, requests):
    check(kinds[kind], shared, requests)


@pytest.mark.parametrize("name", SHARED)
@settings(max_examples=100)
@given(shared=TEXTS, requests=REQUESTS)
def test_parts_are_the_whole_on_real_tokenizers(real, name, shared, requests):
    check(real[name], shared, requests)


def test_a_chat_is_cut_before_its_special_tokens(kinds):
    turns = [f"<|im_start|>user\nquestion {one}<|im_end|>\n" for one in range(9)]
    tokenizer = kinds["gpt2"]
    texts = ["".join(turns[:-1]) + turns[-1] + f"<|im_start|>assistant\nNo. {one}" for one in range(30)]
    for content in ("<|im_start|>", "<s>"):
        chats = [text.replace("<|im_start|>", content) for text in texts]
        tokens = Tokens(tokenizer, max_length=4096)
        assert tokens.encode_many(chats) == [tokenizer(text, **_bare(text))["input_ids"] for text in chats]
        assert not tokens._shared.given_up


def _bare(text: str) -> dict:
    return {"add_special_tokens": False} if text.startswith("<s>") else {}
