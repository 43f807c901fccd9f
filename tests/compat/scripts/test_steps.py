"""The plain route, step by step: the numbers of the engine, and the steps that a script changed."""

from __future__ import annotations

import pytest
from stepwise_models import SCORED, Stepwise, asked, stepwise

from proctor.compat.scripts import steps
from proctor.compat.scripts.huggingface import HFLM


def test_both_routes_score_alike(lm):
    ours, theirs = lm.loglikelihood(SCORED), stepwise(lm).loglikelihood(SCORED)
    assert [value for value, _ in ours] == pytest.approx([value for value, _ in theirs], abs=2e-4)
    assert [greedy for _, greedy in ours] == [greedy for _, greedy in theirs]


def test_both_routes_score_whole_texts_alike(lm):
    texts = [asked("loglikelihood_rolling", "Once upon a time. " * count) for count in (0, 1, 40)]
    assert lm.loglikelihood_rolling(texts) == pytest.approx(stepwise(lm).loglikelihood_rolling(texts), rel=1e-5)


def test_both_routes_generate_alike(lm):
    kwargs = {"until": ["\n"], "max_gen_toks": 8}
    prompts = [asked("generate_until", "The quick brown" + " fox" * count, kwargs) for count in range(4)]
    prompts.append(asked("generate_until", "Another length", {"until": "e", "max_new_tokens": 3}))
    assert lm.generate_until(prompts) == stepwise(lm).generate_until(prompts)


def test_scaled_logits_are_scaled_logits(lm):
    class Scaled(HFLM):
        def _model_call(self, inps, attn_mask=None, labels=None):
            return super()._model_call(inps, attn_mask=attn_mask, labels=labels) / 2.0

    cold, plainly = stepwise(lm, Scaled).loglikelihood(SCORED), lm.loglikelihood(SCORED)
    assert [greedy for _, greedy in cold] == [greedy for _, greedy in plainly]
    assert all(abs(a - b) > 1e-3 for (a, _), (b, _) in zip(cold, plainly, strict=True))


def test_an_overridden_loglikelihood_tokens_is_called(lm):
    class Counting(HFLM):
        def _loglikelihood_tokens(self, requests, disable_tqdm=False, override_bs=None):
            return [(-float(len(tail)), True) for _, _, tail in requests]

    counting = stepwise(lm, Counting)
    (score,) = counting.loglikelihood([asked("loglikelihood", "a b", " c d e")])
    assert score[0] == -len(counting._encode_pair("a b", " c d e")[1])
    assert counting.loglikelihood_rolling([asked("loglikelihood_rolling", "a b c")])[0] < 0


def test_an_overridden_tok_encode_is_called(lm):
    class Upper(HFLM):
        def tok_encode(self, string, add_special_tokens=None, **kwargs):
            return super().tok_encode(string.upper(), add_special_tokens=add_special_tokens, **kwargs)

    requests = [asked("loglikelihood", "the cat", " sat")]
    loud = [asked("loglikelihood", "THE CAT", " SAT")]
    assert stepwise(lm, Upper).loglikelihood(requests)[0][0] == pytest.approx(lm.loglikelihood(loud)[0][0], abs=2e-4)


def test_the_plain_route_finds_a_batch_size(llama):
    auto = Stepwise(pretrained=llama.model, tokenizer=llama.tokenizer, batch_size="auto:2", max_batch_size=4)
    assert auto.batch_size == "auto"
    found, wanted = auto.loglikelihood(SCORED[:6]), llama.loglikelihood(SCORED[:6])
    assert [value for value, _ in found] == pytest.approx([value for value, _ in wanted], abs=2e-4)
    assert set(auto.batch_sizes.values()) == {4}
    assert steps.largest_batch(auto, None, 0) == 4
