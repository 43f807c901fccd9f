"""A checkpoint that lacks weights is an error that lists them, and never a plausible score."""

from __future__ import annotations

import logging
import shutil

import pytest
import torch
from tiny_models import edit

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.types import Loglikelihood

REQUEST = Loglikelihood("the quick", (" fox",))


def lazily(folder, **args):
    return open_model("hf", {"pretrained": str(folder), **args}, device="cpu", lazily=True)


def ask(folder, **args):
    return dict(lazily(folder, **args).respond([REQUEST]))


def rewrite(folder, change):
    from safetensors.torch import load_file, save_file

    weights = change(load_file(folder / "model.safetensors"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def without(part):
    return lambda weights: {name: one for name, one in weights.items() if part not in name}


@pytest.mark.parametrize("part", ["layers.1.", "norm", "embed_tokens", "layers.0.mlp.up_proj"])
def test_weights_that_are_missing_are_listed(model, part):
    rewrite(model, without(part))
    with pytest.raises(ModelError, match="lacks") as caught:
        ask(model)
    assert part in caught.value.message
    assert "allow_missing_weights=True" in str(caught.value.hint)


def test_whoever_means_it_scores_them_and_nothing_is_stored(model, caplog):
    rewrite(model, without("layers.1."))
    assert ask(model, allow_missing_weights=True)
    assert "drawn at random" in caplog.text
    assert lazily(model, allow_missing_weights=True).identity is None
    assert lazily(model).identity is not None


def test_another_architecture_than_the_weights_are_of_is_an_error(model):
    edit(model / "config.json", model_type="bert", architectures=["BertLMHeadModel"], num_attention_heads=1)
    with pytest.raises(ModelError, match="lacks"):
        ask(model)


def test_weights_of_another_shape_are_missing(model):
    rewrite(model, lambda weights: {**weights, "model.norm.weight": torch.ones(3)})
    with pytest.raises(ModelError):
        ask(model)
    with pytest.raises(ModelError, match=r"lacks 1 .*model\.norm\.weight"):
        ask(model, ignore_mismatched_sizes=True)


def test_a_base_model_without_a_head_of_its_own_lacks_it(checkpoints, tmp_path):
    from transformers import LlamaModel

    folder = shutil.copytree(checkpoints / "llama", tmp_path / "base")
    LlamaModel.from_pretrained(checkpoints / "llama").save_pretrained(folder)
    with pytest.raises(ModelError, match=r"lacks 1 .*lm_head\.weight"):
        ask(folder)


def test_a_head_that_is_tied_is_not_missing(checkpoints, tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    folder = shutil.copytree(checkpoints / "llama", tmp_path / "tied")
    config = GPT2Config(vocab_size=500, n_embd=16, n_layer=1, n_head=2, n_positions=64)
    GPT2LMHeadModel(config).transformer.save_pretrained(folder)
    assert ask(folder)


@pytest.mark.parametrize("name", ["llama", "sp", "t5"])
def test_whole_checkpoints_lack_nothing_and_hold_no_more(checkpoints, name, caplog):
    caplog.set_level(logging.WARNING, logger="proctor")
    assert ask(checkpoints / name)
    assert "does not take" not in caplog.text


def test_weights_that_the_model_does_not_take_are_said(model, caplog):
    rewrite(
        model, lambda weights: {**weights, "model.extra.weight": torch.ones(3), "rotary_emb.inv_freq": torch.ones(2)}
    )
    assert ask(model)
    assert "holds 1 weights" in caplog.text
    assert "model.extra.weight" in caplog.text


def test_an_adapter_that_lacks_weights_is_an_error(checkpoints, tmp_path):
    peft = pytest.importorskip("peft")
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(checkpoints / "llama")
    settings = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    peft.get_peft_model(base, settings).save_pretrained(tmp_path / "adapter")
    assert ask(checkpoints / "llama", peft=str(tmp_path / "adapter"))
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    save_file(without("layers.1.self_attn.v_proj")(load_file(file)), file)
    with pytest.raises(ModelError, match=r"adapter .*lacks 2 .*layers\.1\.self_attn\.v_proj"):
        ask(checkpoints / "llama", peft=str(tmp_path / "adapter"))


def test_delta_weights_that_are_missing_are_not_added_as_random_numbers(checkpoints, tmp_path):
    delta = shutil.copytree(checkpoints / "llama", tmp_path / "delta")
    rewrite(delta, without("layers.1."))
    with pytest.raises(ModelError, match=r"delta .*lacks"):
        ask(checkpoints / "llama", delta=str(delta))


@pytest.mark.parametrize(
    ("name", "hint"), [("model/config.json", "Try pretrained="), ("list.txt", "Check pretrained=")]
)
def test_a_file_where_a_folder_is_wanted_names_the_folder_only_where_a_model_is(model, tmp_path, name, hint):
    (tmp_path / "list.txt").write_text("model\n", encoding="utf-8")
    with pytest.raises(ModelError, match="is a file") as caught:
        lazily(tmp_path / name)
    assert (caught.value.hint or "").startswith(hint)
