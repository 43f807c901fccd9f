"""How HFLM gets its config, tokenizer and weights: by name, or as objects that are there already."""

from __future__ import annotations

import pytest
import torch
from stepwise_models import SCORED

from proctor.compat.scripts.huggingface import HFLM
from proctor.errors import UsageError


def test_a_transformers_object_is_taken_as_it_is(llama, shared_models):
    named = HFLM(str(shared_models / "llama-bos"), dtype="float32")
    assert llama.loglikelihood(SCORED[:4]) == named.loglikelihood(SCORED[:4])
    assert (llama.rank, llama.world_size, llama.backend) == (0, 1, "causal")
    assert llama.get_model_info()["model_dtype"] is torch.float32
    assert llama.max_gen_toks == 256
    assert llama.prefix_token_id == llama.tokenizer.bos_token_id


def test_wrong_arguments_are_sentences(shared_models):
    with pytest.raises(UsageError, match="pretrained"):
        HFLM("")
    with pytest.raises(UsageError, match="backend"):
        HFLM(str(shared_models / "llama-bos"), backend="cuasal")


def test_a_subclass_may_change_each_step(llama, shared_models):
    steps = []

    class Watched(HFLM):
        def _get_config(self, pretrained, **given):
            steps.append("config")
            super()._get_config(pretrained, **given)

        def _create_tokenizer(self, pretrained, tokenizer, **given):
            steps.append("tokenizer")
            super()._create_tokenizer(pretrained, tokenizer, **given)

        def _create_model(self, pretrained, **kwargs):
            steps.append("weights")
            self._model = llama.model

    made = Watched(str(shared_models / "llama-bos"), dtype="float32", batch_size="auto:3", max_length=50)
    assert steps == ["config", "tokenizer", "weights"]
    assert made.model is llama.model
    assert not made.model.training
    assert (made.batch_size_per_gpu, made.batch_schedule, made.backend) == ("auto", 3.0, "causal")
    assert (made.pretrained, made._max_length) == (str(shared_models / "llama-bos"), 50)
    assert made.tokenizer.pad_token_id is not None


def test_a_misspelt_argument_is_a_sentence(shared_models):
    with pytest.raises(UsageError, match="Did you mean 'max_length'"):
        HFLM(str(shared_models / "llama-bos"), max_lenght=5)
