"""HFLM: by the engine as it is, through the changed step where one was changed, with the same numbers."""

import json

import pytest
import torch
from stepwise_models import SCORED, asked, stepwise

from proctor.compat.scripts.huggingface import HFLM
from proctor.compat.scripts.lm_model import LMModel, as_model
from proctor.compat.scripts.model import CacheHook, CachingLM
from proctor.errors import UsageError
from proctor.models.hf.hooks import is_patched
from proctor.models.hf.model import HfModel


def test_an_unchanged_hflm_is_the_engine(lm):
    assert isinstance(lm.engine(), HfModel)
    assert isinstance(as_model(lm), HfModel)
    assert isinstance(as_model(stepwise(lm)), LMModel)


def test_weights_that_change_between_two_calls_count(llama):
    before = llama.loglikelihood(SCORED[:1])
    weight = llama.model.model.layers[0].mlp.down_proj.weight
    with torch.no_grad():
        weight.mul_(2)
    try:
        assert llama.loglikelihood(SCORED[:1]) != before
    finally:
        with torch.no_grad():
            weight.div_(2)
    assert llama.loglikelihood(SCORED[:1]) == before


def test_a_hook_in_the_module_is_heeded(llama):
    assert not is_patched(llama.model)
    layer = llama.model.model.layers[0]
    shapes = []
    handle = layer.register_forward_hook(lambda module, inputs, output: shapes.append(inputs[0].shape[0]))
    try:
        assert is_patched(llama.model)
        assert llama.engine() is None
        llama.loglikelihood(SCORED[:4])
        assert sum(shapes) == 4  # One row per distinct input.
    finally:
        handle.remove()
    assert not is_patched(llama.model)


def test_a_replaced_forward_is_heeded(llama, monkeypatch):
    kind = type(llama.model.model.layers[0].mlp)
    original = kind.forward
    monkeypatch.setattr(kind, "forward", lambda self, x: original(self, x) * 0)
    assert is_patched(llama.model)
    monkeypatch.undo()
    assert not is_patched(llama.model)


def test_a_method_set_on_the_object_is_heeded(llama):
    llama._model_call = lambda inps, **_: torch.zeros((*inps.shape, llama.vocab_size))
    try:
        (score,) = llama.loglikelihood([asked("loglikelihood", "a", " b")])
    finally:
        del llama._model_call
    tokens = len(llama._encode_pair("a", " b")[1])
    assert score[0] == pytest.approx(-tokens * torch.tensor(float(llama.vocab_size)).log().item(), rel=1e-5)


def test_thinking_does_not_go_with_scores(llama):
    thinking = HFLM(llama.model, tokenizer=llama.tokenizer, enable_thinking=True, think_end_token="</think>")
    with pytest.raises(UsageError, match="enable_thinking"):
        thinking.loglikelihood(SCORED[:1])


def test_answers_are_kept_in_a_file(llama, tmp_path):
    kept = CachingLM(llama, str(tmp_path / "answers.db"))
    first = kept.loglikelihood(SCORED[:3])
    assert len(kept.dbdict) == 3
    llama._loglikelihood_tokens = None  # Whoever asks the model again fails.
    try:
        again = CachingLM(llama, str(tmp_path / "answers.db")).loglikelihood(SCORED[:3])
    finally:
        del llama._loglikelihood_tokens
        llama.set_cache_hook(CacheHook(None))
    assert again == first
    assert json.loads(json.dumps(first[0])) == list(first[0])
