"""Loaders of transformers that a script has replaced are called as everybody calls them."""

import functools

import pytest
import torch
import transformers

from proctor.models.hf.arguments import read_arguments
from proctor.models.hf.hooks import has_foreign_loader
from proctor.models.hf.weights import load_weights
from proctor.tasks.index import BUNDLED

AUTO = transformers.AutoModelForCausalLM
OWNERS = (AUTO, transformers.PreTrainedModel, transformers.LlamaForCausalLM)


def replaced(owner, monkeypatch, *, wrapped):
    """A loader that makes something of the module that it gets, as quantisers do."""
    load = owner.from_pretrained

    def changed(*args, **kwargs):
        model = load(*args, **kwargs)
        model.lm_head.weight.data.zero_()
        return model

    monkeypatch.setattr(owner, "from_pretrained", functools.wraps(load)(changed) if wrapped else changed)


def test_what_was_shipped_is_not_foreign():
    assert not has_foreign_loader(AUTO)
    assert not has_foreign_loader(transformers.AutoModelForSeq2SeqLM)


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_replaced_loader_is_seen(owner, wrapped, monkeypatch):
    replaced(owner, monkeypatch, wrapped=wrapped)
    assert has_foreign_loader(AUTO)


def test_a_replaced_loader_gets_a_module(monkeypatch):
    replaced(AUTO, monkeypatch, wrapped=False)
    path = str(BUNDLED / "demo" / "model")
    arguments = read_arguments({"pretrained": path, "dtype": "float32"})
    config = transformers.AutoConfig.from_pretrained(path)
    module = load_weights(
        arguments, backend="causal", dtype="float32", device=torch.device("cpu"), tokenizer=None, config=config
    )
    assert not module.lm_head.weight.any()
