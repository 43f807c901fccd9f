"""Tokens of a text one by one: they add up to its log-likelihood, and moments are those of the whole distribution."""

from __future__ import annotations

import pytest
import torch
from tiny_models import open_tiny

from proctor.analysis.min_k import next_token_moments
from proctor.errors import ModelError
from proctor.models.protocols import TokenScoringModel
from proctor.types import Rolling

TEXTS = ["the quick brown fox", "", "서울 is one, two and three", "long " * 100]


@pytest.mark.parametrize("name", ["llama", "sp"])
def test_the_tokens_of_a_text_add_up_to_its_log_likelihood(checkpoints, name):
    model = open_tiny(checkpoints / name)
    assert isinstance(model, TokenScoringModel)
    whole = dict(model.respond([Rolling(text) for text in TEXTS]))
    for place, scores in enumerate(model.token_scores(TEXTS)):
        assert sum(scores.logprobs) == pytest.approx(whole[place].logprob, rel=1e-4, abs=1e-4)
        assert len(scores.logprobs) == len(scores.means) == len(scores.deviations)
        assert len(scores.logprobs) == sum(len(scored) for _, scored in model.tokens.rolling(TEXTS[place]))


def test_moments_are_those_of_the_distribution_at_every_position(checkpoints):
    model = open_tiny(checkpoints / "llama")
    [scores] = model.token_scores([TEXTS[0]])
    [(before, scored)] = model.tokens.rolling(TEXTS[0])
    ids = [*before, *scored]
    with torch.no_grad():
        logs = torch.log_softmax(model.module(torch.tensor([ids])).logits[0].double(), dim=-1)
    for place, (mean, deviation) in enumerate(zip(scores.means, scores.deviations, strict=True)):
        expected = next_token_moments(logs[place].tolist())
        assert (mean, deviation) == (pytest.approx(expected[0], abs=1e-4), pytest.approx(expected[1], abs=1e-4))
        assert scores.logprobs[place] == pytest.approx(float(logs[place, ids[place + 1]]), abs=1e-4)


def test_parts_of_a_row_give_what_the_row_gives(checkpoints, monkeypatch):
    from proctor.models.hf.scoring import token_rows

    model = open_tiny(checkpoints / "llama")
    [whole] = model.token_scores([TEXTS[0]])
    monkeypatch.setattr(token_rows, "SOFTMAX_BYTES", 1)
    [parts] = model.token_scores([TEXTS[0]])
    assert parts.logprobs == pytest.approx(whole.logprobs, abs=1e-6)
    assert parts.means == pytest.approx(whole.means, abs=1e-6)


def test_a_closed_model_has_no_tokens(checkpoints):
    model = open_tiny(checkpoints / "llama")
    model.close()
    with pytest.raises(ModelError, match="closed"):
        list(model.token_scores(["x"]))
