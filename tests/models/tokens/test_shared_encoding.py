"""What prompts share is encoded once; at the first difference everything is encoded as a whole."""

from __future__ import annotations

import pytest
from tiny_tokenizers import MANY, SHOTS, by_definition, cut_everything

from proctor.models.tokens import shared_encoding
from proctor.models.tokens.tokenizer import Tokens

_cut_everything = pytest.fixture(autouse=True)(cut_everything)


@pytest.mark.parametrize("kind", ["gpt2", "llama3", "sp", "unigram", "wordpiece"])
def test_what_prompts_share_is_encoded_once(kinds, kind, monkeypatch):
    tokens = Tokens(kinds[kind], max_length=4096)
    letters = 0
    encode = shared_encoding.SharedEncoding._encode

    def count(self, texts):
        nonlocal letters
        letters += sum(map(len, texts))
        return encode(self, texts)

    monkeypatch.setattr(shared_encoding.SharedEncoding, "_encode", count)
    found = tokens.encode_requests(MANY)
    for (context, texts), (ids, tails) in zip(MANY, found, strict=True):
        assert [(ids.tolist(), tail) for tail in tails] == [by_definition(tokens, context, text) for text in texts]
    # lm-eval reads every context twice for every continuation.
    assert letters < 0.05 * sum(2 * len(texts) * len(context) for context, texts in MANY)


def test_one_difference_and_everything_is_encoded_whole(kinds, monkeypatch, caplog):
    monkeypatch.undo()
    monkeypatch.setattr("proctor.models.tokens.boundaries.Boundaries.safe", lambda *_: True)
    tokens = Tokens(kinds["glued"], max_length=4096)
    requests = [(context + " The", texts) for context, texts in MANY]
    found = tokens.encode_requests(requests)
    assert tokens._shared.given_up
    assert [record.message for record in caplog.records if "encoded as a whole" in record.message]
    for (context, texts), (ids, tails) in zip(requests, found, strict=True):
        assert [(ids.tolist(), tail) for tail in tails] == [by_definition(tokens, context, text) for text in texts]


def test_a_tokenizer_that_draws_lots_is_not_cut(kinds):
    import copy

    tokenizer = copy.deepcopy(kinds["gpt2"])
    tokenizer.backend_tokenizer.model.dropout = 0.5
    assert Tokens(tokenizer, max_length=64)._shared.given_up


def test_requests_without_continuations_or_context(kinds):
    tokens = Tokens(kinds["llama3"], max_length=64)
    assert tokens.encode_requests([]) == []
    [(context, tails), (empty, [tail])] = tokens.encode_requests([(SHOTS, ()), ("", (" The",))])
    assert tails == []
    assert context.dtype == empty.dtype == "int32"
    assert (empty.tolist(), tail) == tokens.encode_pair("", " The")
