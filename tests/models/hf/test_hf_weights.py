"""Weights: plain, quantised, split over devices, with an adapter or a difference on top."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from tiny_models import open_with

from proctor.errors import MissingExtraError, ModelError
from proctor.models import open_model
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore

REQUEST = Loglikelihood("the quick", (" fox", " the lazy dog"))


def test_a_missing_adapter(checkpoints, tmp_path):
    with pytest.raises(ModelError, match="There is no folder"):
        open_with(checkpoints / "llama", peft=str(tmp_path / "none"))


def test_quantisation_without_its_package(checkpoints, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(MissingExtraError, match="bitsandbytes"):
        open_with(checkpoints / "llama", load_in_4bit=True)
    with pytest.raises(MissingExtraError, match=r"auto_gptq|auto-gptq"):
        open_with(checkpoints / "llama", autogptq=True)


def scores(model):
    return [value for value, _ in dict(model.respond([REQUEST]))[0].values]


def test_a_model_object_may_be_given(checkpoints):
    from transformers import LlamaForCausalLM

    module = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    given = open_model("hf", {"pretrained": module}, device="cpu")
    assert scores(given) == scores(open_with(checkpoints / "llama"))
    assert given.name == str(checkpoints / "llama")


def test_weights_split_by_a_device_map(checkpoints):
    pytest.importorskip("accelerate")
    for options in ({"device_map": "auto"}, {"parallelize": True}):
        assert scores(open_with(checkpoints / "llama", **options)) == scores(open_with(checkpoints / "llama"))


def test_an_adapter_changes_the_scores(checkpoints, tmp_path):
    peft = pytest.importorskip("peft")
    from transformers import LlamaForCausalLM

    base = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    settings = peft.LoraConfig(r=2, target_modules=["q_proj", "lm_head"], init_lora_weights=False)
    adapted = peft.get_peft_model(base, settings)
    adapted.save_pretrained(tmp_path / "adapter")
    model = open_with(checkpoints / "llama", peft=str(tmp_path / "adapter"))
    left, right = model.tokens.encode_pair(REQUEST.context, REQUEST.continuations[1])
    with torch.no_grad():
        logits = adapted.eval()(torch.tensor([[*left, *right][:-1]])).logits[0, -len(right) :]
    expected = logits.log_softmax(-1).gather(1, torch.tensor(right)[:, None]).sum().item()
    assert scores(model)[1] == pytest.approx(expected, abs=1e-4)
    assert scores(model)[1] != pytest.approx(scores(open_with(checkpoints / "llama"))[1], abs=1e-2)
    assert model.info["peft_sha"] == ""


def test_virtual_tokens_of_an_adapter_shift_the_needed_rows(checkpoints, tmp_path):
    peft = pytest.importorskip("peft")
    from transformers import LlamaForCausalLM

    base = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    settings = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    tuned = peft.get_peft_model(base, settings)
    tuned.save_pretrained(tmp_path / "prompt")
    model = open_with(checkpoints / "llama", peft=str(tmp_path / "prompt"))
    left, right = model.tokens.encode_pair(REQUEST.context, REQUEST.continuations[1])
    ids = torch.tensor([[*left, *right][:-1]])
    with torch.no_grad():
        logits = tuned.eval()(ids).logits[0]
    assert len(logits) == ids.shape[1] + 3
    expected = logits[-len(right) :].log_softmax(-1).gather(1, torch.tensor(right)[:, None]).sum().item()
    assert scores(model)[1] == pytest.approx(expected, abs=1e-4)


def test_delta_weights_are_added(checkpoints, tmp_path):
    from transformers import LlamaForCausalLM

    zero = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    with torch.no_grad():
        for parameter in zero.parameters():
            parameter.zero_()
    zero.save_pretrained(tmp_path / "delta")
    base = open_with(checkpoints / "llama")
    assert scores(open_with(checkpoints / "llama", delta=str(tmp_path / "delta"))) == scores(base)
    doubled = open_with(checkpoints / "llama", delta=str(checkpoints / "llama"))
    weight = base.module.model.layers[0].mlp.up_proj.weight
    assert torch.equal(doubled.module.model.layers[0].mlp.up_proj.weight, 2 * weight)


def test_delta_weights_of_another_model(checkpoints):
    with pytest.raises(ModelError, match="delta weights"):
        open_with(checkpoints / "llama", delta=str(checkpoints / "sp"))


REQUESTS = [Loglikelihood("the quick", (" fox", " dog")), Rolling("a b c d")]


class Bare(torch.nn.Module):
    """What a script writes around a model: a config, a device and a forward."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.config = SimpleNamespace(vocab_size=inner.config.vocab_size, max_position_embeddings=64)
        self.device = torch.device("cpu")

    def forward(self, input_ids, **_):
        return SimpleNamespace(logits=self.inner(input_ids).logits)


class NoModule:
    """The same, and not even a module of torch."""

    def __init__(self, inner):
        self.inner, self.config, self.device = inner, SimpleNamespace(max_position_embeddings=64), "cpu"

    def forward(self, input_ids):
        return SimpleNamespace(logits=self.inner(input_ids).logits)

    __call__ = forward


@pytest.mark.parametrize("kind", [Bare, NoModule])
def test_a_module_needs_a_config_a_device_and_a_forward(checkpoints, kind):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = checkpoints / "llama"
    inner = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = open_model("hf", {"pretrained": kind(inner), "tokenizer": tokenizer}, device="cpu")
    assert model.name == kind.__name__
    found = dict(model.respond(REQUESTS))
    plain = open_model("hf", {"pretrained": str(folder), "dtype": "float32", "scoring": "plain"}, device="cpu")
    expected = dict(plain.respond(REQUESTS))
    for one, other in zip(found[0].values, expected[0].values, strict=True):
        assert one[0] == pytest.approx(other[0], abs=1e-4)
    assert isinstance(found[1], RollingScore)
    with pytest.raises(ModelError, match="cannot generate"):
        list(model.respond([Generate("a", {"max_gen_toks": 2})]))
