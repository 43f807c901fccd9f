"""What requests come to in tokens, on a tokenizer with one token a word: the numbers are counted by hand."""

from __future__ import annotations

import architectures as zoo
import pytest

from proctor.models.prefix.cost import PromptCost
from proctor.models.prefix.counts import count, count_scored
from proctor.models.prefix.packs import Limits
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Generate, Loglikelihood, Rolling

LIMITS = Limits(1000)
QUESTIONS = [Loglikelihood(f"w1 w2 {word}", (" A", " B w4")) for word in ("w3", "w5")]


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens(zoo.tokenizer(), max_length=100)


@pytest.mark.parametrize(("mode", "distinct", "forwarded"), [("plain", 6, 14), ("context", 8, 8), ("tree", 6, 6)])
def test_continuations(tokens, mode, distinct, forwarded):
    """Inputs of a document: 3 tokens for " A", 4 for " B w4", together 4; both documents begin with w1 w2."""
    found = count_scored(tokens, QUESTIONS, mode=mode, limits=LIMITS)
    assert found.work == PromptCost(4, 14, distinct)
    assert (found.forwarded, found.longest) == (forwarded, 4)


def test_options_of_one_token_are_one_row(tokens):
    found = count_scored(tokens, [Loglikelihood("w1 w2 w3", (" A", " B", " C"))], mode="plain", limits=LIMITS)
    assert found.work == PromptCost(3, 9, 3)
    assert found.forwarded == 3


def test_an_encoder_decoder_forwards_context_and_continuation():
    tokens = Tokens(zoo.tokenizer(), max_length=100, backend="seq2seq")
    found = count_scored(tokens, QUESTIONS, mode="tree", limits=LIMITS)
    assert found.work == PromptCost(4, 4 + 5 + 4 + 5)
    assert found.forwarded == 18


def test_kinds_are_counted_apart(tokens):
    requests = [Rolling("w1 w2 w3"), Generate("w1 w2", {"max_gen_toks": 7}), Generate("w1 w2", {"max_gen_toks": 7})]
    found = count(tokens, requests, mode="plain", limits=LIMITS)
    assert found.scored is None
    assert found.rolled.work == PromptCost(1, 3)
    assert found.generated.work == PromptCost(2, 4, 2)
    assert (found.generated.forwarded, found.generated.new_tokens, found.generated.longest) == (4, 7, 2)


def test_what_prompts_share_is_forwarded_once(tokens):
    stem = " ".join(zoo.WORDS[:90])
    requests = [Generate(f"{stem} {word}", {"max_gen_toks": 3}) for word in zoo.WORDS[100:110]]
    shared = count(tokens, requests, mode="tree", limits=LIMITS).generated
    alone = count(tokens, requests, mode="tree", limits=LIMITS, alone=True).generated
    assert shared.work == alone.work == PromptCost(10, 910, 100)
    assert (shared.forwarded, alone.forwarded) == (100, 910)


def test_a_prompt_leaves_room_for_what_is_generated():
    tokens = Tokens(zoo.tokenizer(), max_length=10)
    found = count(tokens, [Generate(" ".join(zoo.WORDS[:50]), {"max_gen_toks": 4})], mode="plain", limits=LIMITS)
    assert found.generated.longest == 6
