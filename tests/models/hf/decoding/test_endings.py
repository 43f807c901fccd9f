"""Where a text ends, and why: stop strings, end-of-text tokens, the number of tokens."""

from __future__ import annotations

import random

import architectures as zoo
import pytest
import torch
from tiny_texts import generate, mixed_prompts, shares, tiny

from proctor.models.hf.decoding.endings import StopStrings, StopTogether
from proctor.types import Generate


@shares
def test_every_end_of_text_token_ends_a_text():
    module = tiny("llama", 3)
    prompts = mixed_prompts(random.Random(3))
    whole, _ = generate(module, prompts, {"max_gen_toks": 20})
    module.generation_config.eos_token_id = [2, *(zoo.tokenizer().encode(text.split()[4])[0] for text in whole[:2])]
    found, facts = generate(module, prompts, {"max_gen_toks": 20})
    assert facts["mode"] == "shared"
    assert found == generate(module, prompts, {"max_gen_toks": 20}, scoring="plain")[0]
    assert len(found[0].split()) <= 5 < len(whole[0].split())


@shares
@pytest.mark.parametrize("scoring", ["auto", "plain"])
def test_a_text_says_why_it_ended(scoring):
    module = tiny("llama", 3)
    prompts = mixed_prompts(random.Random(3))
    whole, _ = generate(module, prompts, {"max_gen_toks": 12, "until": []})
    word = next(word for word in whole[0].split()[2:] if word not in whole[1].split()[:4])
    module.generation_config.eos_token_id = [2, zoo.tokenizer().encode(whole[1].split()[4])[0]]
    model = zoo.open_architecture(module, batch_size=4, scoring=scoring)
    found = dict(model.respond([Generate(prompt, {"max_gen_toks": 12, "until": [word]}) for prompt in prompts]))
    assert (found[0].finish, found[1].finish) == ("stop", "stop")
    for response in found.values():
        assert response.finish == "stop" if response.usage.new < 12 else response.usage.new == 12
    assert {"length", "stop"} == {response.finish for response in found.values()}


def test_a_row_is_finished_by_its_own_text(tokenizers):
    tokenizer = tokenizers["plain"]
    row = tokenizer.encode("the fox stop and")
    other = tokenizer.encode("the quick brown fox jumps over the lazy dog and itself and")[: len(row)]
    assert len(other) == len(row)
    criterion = StopStrings(tokenizer, ["stop"], 0, 2)
    seen = torch.zeros(2, dtype=torch.bool)
    for end in range(1, len(row) + 1):
        seen = criterion(torch.tensor([row[:end], other[:end]]), None)
    assert seen.tolist() == [True, False]


def test_under_beams_all_candidates_stop_together(tokenizers):
    tokenizer = tokenizers["plain"]
    criterion = StopTogether(tokenizer, "fox", 0, 1)
    ids = tokenizer.encode("the fox")
    assert criterion(torch.tensor([ids[:1]] * 4), None).tolist() == [False] * 4
    assert criterion(torch.tensor([ids] * 4), None).tolist() == [True] * 4
