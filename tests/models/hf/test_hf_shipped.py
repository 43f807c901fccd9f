"""A model whose code somebody has patched in this process is not the model of its checkpoint: it has no identity."""

from __future__ import annotations

import functools
import subprocess
import sys

import pytest
import torch
import transformers
from tiny_models import MODEL
from transformers.models.llama import modeling_llama
from transformers.models.mistral import modeling_mistral

from proctor.models import open_model
from proctor.models.hf.shipped import patched_code


def identity():
    return open_model("hf", {"pretrained": str(MODEL), "dtype": "float32"}, device="cpu", lazily=True).identity


def mine(*args, **kwargs):
    raise AssertionError("never called")


class MyNorm(torch.nn.Module):
    pass


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


MLP, Auto, F = modeling_llama.LlamaMLP, transformers.AutoModelForCausalLM, torch.nn.functional


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (MLP, "forward", mine),
        (MLP, "forward", wrapped(MLP.forward)),
        (MLP, "forward", modeling_mistral.MistralMLP.forward),
        (MLP, "__call__", mine),
        (modeling_llama.LlamaForCausalLM, "forward", mine),
        (modeling_llama, "LlamaRMSNorm", MyNorm),
        (modeling_llama, "apply_rotary_pos_emb", mine),
        (transformers.PreTrainedModel, "from_pretrained", classmethod(mine)),
        (Auto, "from_pretrained", classmethod(mine)),
        (transformers.modeling_utils, "load_state_dict", mine),
        (torch.nn.Linear, "forward", mine),
        (torch.nn.Module, "__call__", mine),
        (torch.nn.functional, "linear", mine),
        (torch.Tensor, "softmax", mine),
        (torch, "matmul", mine),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_a_patched_model_has_no_identity(monkeypatch, caplog, owner, name, value):
    config = transformers.AutoConfig.from_pretrained(MODEL)
    assert patched_code(config) is None
    monkeypatch.setattr(owner, name, value)
    found = patched_code(config)
    assert found is not None
    assert name in found


def test_it_is_said_why_nothing_is_stored(monkeypatch, caplog):
    assert identity() is not None
    monkeypatch.setattr(MLP, "forward", mine)
    assert identity() is None
    assert "modeling_llama.LlamaMLP.forward is not what was shipped" in caplog.text


def test_a_hook_for_all_modules_is_a_patch():
    handle = torch.nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        assert identity() is None
    finally:
        handle.remove()
    assert identity() is not None


def test_another_attention_under_a_known_name_is_a_patch(monkeypatch):
    if hasattr(transformers, "AttentionInterface"):
        mapping = dict(transformers.AttentionInterface._global_mapping)
        monkeypatch.setattr(transformers.AttentionInterface, "_global_mapping", {**mapping, "sdpa": mine})
    else:
        monkeypatch.setitem(transformers.modeling_utils.ALL_ATTENTION_FUNCTIONS, "sdpa", mine)
    assert identity() is None


@pytest.mark.parametrize(
    "name",
    ["Gemma2", "GPT2", "GPTNeoX", "Qwen2", "Qwen3Moe", "Phi3", "Mamba", "Bloom", "OPT", "T5", "Falcon", "Gemma3"],
)
def test_what_is_shipped_is_no_patch(name):
    if not hasattr(transformers, f"{name}Config"):
        pytest.skip(f"transformers {transformers.__version__} has no {name}")
    config = getattr(transformers, f"{name}Config")()
    kind = (
        "ForConditionalGeneration" if name in ("T5", "Gemma3") else "LMHeadModel" if name == "GPT2" else "ForCausalLM"
    )
    assert getattr(transformers, f"{name}{kind}")
    assert patched_code(config) is None


def test_a_patch_typed_on_the_command_line_counts():
    code = (
        "import transformers\nfrom transformers.models.llama.modeling_llama import LlamaMLP\n"
        "from proctor.models.hf.shipped import patched_code\nconfig = transformers.LlamaConfig()\n"
        "assert patched_code(config) is None, patched_code(config)\n"
        "LlamaMLP.forward = lambda self, x: x\nprint(patched_code(config))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "transformers.models.llama.modeling_llama.LlamaMLP.forward"
