"""Every file that may be read, and every argument, makes another model, but for what a list says cannot matter."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import fields
from inspect import signature
from pathlib import Path

import pytest
import torch

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.models.hf.arguments import BOOLEANS, NUMBERS, PASSED_ON, RUN_KEYS, HfArguments
from proctor.models.hf.files import NO_MATTER as FILES
from proctor.models.hf.files import Origin, model_digest
from proctor.models.hf.identity import BY_EFFECT, NO_MATTER
from proctor.models.hf.variables import FAMILIES
from proctor.models.hf.variables import NO_MATTER as VARIABLES

MODEL = Path(__file__).resolve().parents[3] / "src" / "proctor" / "benchmarks" / "demo" / "model"


def identity(folder, **args):
    args = {"pretrained": str(folder), "dtype": "float32", **args}
    return open_model("hf", args, device="cpu", lazily=True).identity


@pytest.fixture
def model(tmp_path):
    return shutil.copytree(MODEL, tmp_path / "model")


def edit(file, **changes):
    settings = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**settings, **changes}), encoding="utf-8")


def save_bin(folder, factor=1.0):
    from safetensors.torch import load_file

    weights = load_file(MODEL / "model.safetensors")
    torch.save({name: tensor * factor for name, tensor in weights.items()}, folder / "pytorch_model.bin")


# arguments


EFFECTIVE = {
    "subfolder": "small",
    "gguf_file": "model.gguf",
    "peft": "adapter",
    "delta": "other",
    "tokenizer": "other",
    "backend": "seq2seq",
    "dtype": "float32",
    "mixed_precision_dtype": "float16",
    "max_length": 32,
    "softmax_dtype": "float64",
    "logits_cache": False,
    "scoring": "plain",
    "batch_invariant": True,
    "think_end_token": "</think>",
    "truncation": True,
    "torch_dtype": "float64",
    "chat_template_args": {"key": True},
}
"""Values with an effect for the arguments that count by their effect."""


def toggled(name):
    if name in BOOLEANS:
        return not next((field.default for field in fields(HfArguments) if field.name == name), False)
    return 5 if name in NUMBERS else EFFECTIVE.get(name, "toggled")


def every_argument():
    from transformers import PreTrainedModel

    declared = {field.name for field in fields(HfArguments)} - {"pretrained", "extra"}
    of_transformers = {
        name
        for name, parameter in signature(PreTrainedModel.from_pretrained).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD or parameter.kind is parameter.KEYWORD_ONLY
    } - {"pretrained_model_name_or_path", "config", "weights_only"}
    return sorted(declared | of_transformers | set(PASSED_ON) | set(RUN_KEYS) | {"an_argument_of_tomorrow"})


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """A model beside another tokenizer, an adapter, and smaller weights in a folder of its own."""
    root = tmp_path_factory.mktemp("beside")
    shutil.copytree(MODEL, root / "model")
    shutil.copytree(MODEL, root / "model" / "small")
    edit(root / "model" / "small" / "config.json", rms_norm_eps=0.5)
    shutil.copytree(MODEL, root / "other")
    edit(root / "other" / "tokenizer_config.json", model_max_length=7)
    (root / "adapter").mkdir()
    (root / "adapter" / "adapter_config.json").write_text('{"peft_type": "LORA"}', encoding="utf-8")
    (root / "model" / "model.gguf").write_bytes(b"gguf")
    opened = open_model("hf", {"pretrained": str(root / "model"), "dtype": "bfloat16"}, device="cpu", lazily=True)
    return root, opened


@pytest.mark.parametrize("name", every_argument())
def test_every_argument_makes_another_model_or_is_known_not_to_matter(beside, name, monkeypatch):
    from proctor.models.hf.arguments import read_arguments
    from proctor.models.hf.identity import identify

    root, opened = beside
    monkeypatch.chdir(root)
    base = {"pretrained": "model", **({} if name == "torch_dtype" else {"dtype": "bfloat16"})}

    def known_as(args):
        arguments = read_arguments({**base, **args})
        # These are read when a model is opened; the others only when it is identified.
        early = name in ("tokenizer", "backend", "max_length", "subfolder")
        model = open_model("hf", {**base, **args}, device="cpu", lazily=True) if early else opened
        dtype = getattr(torch, str(arguments.dtype), arguments.dtype)
        return identify(arguments, model._opening.config, model.tokens, dtype=dtype)

    value, before = toggled(name), known_as({})
    assert before is not None
    if name == "revision":
        assert BY_EFFECT[name] == "weights"  # of a name on the hub: the commit stands for it
        return
    args = {"dtype": "bfloat16"} if name == "dtype" else {}
    args |= {"think_end_token": "</think>"} if name == "enable_thinking" else {}
    assert (known_as({**args, name: value}) != known_as(args)) is (name not in NO_MATTER)


def test_the_lists_are_in_the_documentation(repository):
    page = (repository / "docs" / "store.md").read_text(encoding="utf-8")
    missing = [name for name in (*NO_MATTER, *FILES, *FAMILIES, *VARIABLES) if f"`{name}`" not in page]
    assert missing == []


# environment and process


@pytest.mark.parametrize(
    "name",
    [
        *("NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "ONEDNN_DEFAULT_FPMATH_MODE", "XLA_USE_BF16"),
        *("DISABLE_KERNEL_MAPPING", "TRANSFORMERS_A_SWITCH_OF_A_LATER_RELEASE"),
    ],
)
def test_what_the_environment_does_to_multiplications_counts(monkeypatch, name):
    before = identity(MODEL)
    monkeypatch.setenv(name, "1")
    assert identity(MODEL) != before


@pytest.mark.parametrize(
    "name",
    [
        *("HOME", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "PYTORCH_CUDA_ALLOC_CONF", "MKL_NUM_THREADS"),
        *("TRANSFORMERS_VERBOSITY", "TORCH_HOME", "NVIDIA_PYTORCH_VERSION", "TORCH_LOGS", "ACCELERATE_LOG_LEVEL"),
    ],
)
def test_variables_that_change_no_number_do_not_count(monkeypatch, name):
    before = identity(MODEL)
    monkeypatch.setenv(name, "1")
    assert identity(MODEL) == before


def test_a_coarser_multiplication_makes_another_model():
    before, precision = identity(MODEL), torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert identity(MODEL) != before
    finally:
        torch.set_float32_matmul_precision(precision)
    assert identity(MODEL) == before


# files


def test_another_way_to_begin_whole_texts_makes_another_model():
    assert identity(MODEL, rolling_bos_once=True) != identity(MODEL)


def test_weights_of_each_format_count(model):
    (model / "model.safetensors").rename(model / "extra.safetensors")
    save_bin(model)
    before = identity(model)
    save_bin(model, 1.5)
    assert identity(model) != before


def test_an_index_that_points_elsewhere_makes_another_model(model):
    from safetensors.torch import load_file, save_file

    weights = load_file(model / "model.safetensors")
    (model / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, "shards/a.safetensors")}
    (model / "shards").mkdir()
    save_file(weights, model / "shards" / "a.safetensors", metadata={"format": "pt"})
    save_file({name: one * 2 for name, one in weights.items()}, model / "shards" / "b.safetensors")
    file = model / "model.safetensors.index.json"
    file.write_text(json.dumps(index), encoding="utf-8")
    before = identity(model)
    file.write_text(json.dumps(index).replace("a.safetensors", "b.safetensors"), encoding="utf-8")
    other = identity(model)
    assert other != before
    save_file({name: one * 3 for name, one in weights.items()}, model / "shards" / "b.safetensors")
    assert identity(model) not in (before, other)


@pytest.mark.parametrize("where", ["beside", "elsewhere", "imported by it", "read by it"])
def test_custom_code_counts_wherever_it_lies(model, tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = tmp_path / "code" if where == "elsewhere" else model
    folder.mkdir(exist_ok=True)
    (folder / "own.py").write_text(
        "from transformers import LlamaForCausalLM, LlamaConfig\nfrom .part import PART\n"
        "class Own(LlamaForCausalLM):\n    pass\n",
        encoding="utf-8",
    )
    (folder / "part.py").write_text("PART = 1\n", encoding="utf-8")
    (folder / "tables").mkdir(exist_ok=True)
    (folder / "tables" / "biases.txt").write_text("1\n", encoding="utf-8")
    prefix = "code--" if where == "elsewhere" else ""
    edit(model / "config.json", auto_map={"AutoModelForCausalLM": f"{prefix}own.Own"})
    before = identity(model, trust_remote_code=True)
    changed = folder / {"imported by it": "part.py", "read by it": "tables/biases.txt"}.get(where, "own.py")
    changed.write_text(changed.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert before is not None
    assert identity(model, trust_remote_code=True) != before


@pytest.mark.parametrize("how", ["cp -p over it", "unlink and create"])
def test_weights_that_were_replaced_with_the_same_size_and_time_are_noticed(model, how):
    file = model / "model.safetensors"
    old = 1_600_000_000_000_000_000
    os.utime(file, ns=(old, old))
    before = identity(model)
    assert identity(model) == before
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    if how == "unlink and create":
        file.unlink()
    file.write_bytes(content)
    os.utime(file, ns=(old, old))
    assert identity(model) != before


def test_a_link_counts_by_what_it_points_to(model, tmp_path):
    file, blobs = model / "model.safetensors", [tmp_path / "a", tmp_path / "b"]
    content = file.read_bytes()
    blobs[0].write_bytes(content)
    blobs[1].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    file.unlink()
    file.symlink_to(blobs[0])
    before = identity(model)
    assert before == identity(MODEL)
    file.unlink()
    file.symlink_to(blobs[1])
    assert identity(model) != before


def test_the_files_of_a_tokenizer_elsewhere_count(model, tmp_path):
    other = shutil.copytree(MODEL, tmp_path / "tokenizer", ignore=shutil.ignore_patterns("model.safetensors"))
    before = identity(model, tokenizer=str(other))
    (other / "tokenizer.model").write_bytes(b"pieces")
    after = identity(model, tokenizer=str(other))
    assert {key for key in before if before[key] != after[key]} == {"tokenizer"}


def test_a_base_model_that_an_adapter_names_counts(tmp_path, model):
    adapter = tmp_path / "adapter"
    shutil.copytree(MODEL, adapter)
    (adapter / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": str(model), "peft_type": "LORA"}), encoding="utf-8"
    )
    before = identity(adapter)
    save_bin(model)
    assert before is not None
    assert identity(adapter) != before


def test_an_adapter_whose_files_change_is_another_one(model, beside, tmp_path):
    adapter = shutil.copytree(beside[0] / "adapter", tmp_path / "adapter")
    (adapter / "adapter_model.safetensors").write_bytes(b"one")
    before = identity(model, peft=str(adapter))
    (adapter / "adapter_model.safetensors").write_bytes(b"two")
    middle = identity(model, peft=str(adapter))
    edit(adapter / "adapter_config.json", lora_alpha=3)
    assert len({json.dumps(one) for one in (before, middle, identity(model, peft=str(adapter)))}) == 3


@pytest.mark.parametrize("where", ["here", "beside it"])
def test_what_the_settings_of_an_adapter_name_counts(model, beside, tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    adapter = shutil.copytree(beside[0] / "adapter", tmp_path / "mixed")
    part = shutil.copytree(beside[0] / "adapter", (tmp_path if where == "here" else adapter) / "part")
    (part / "adapter_model.safetensors").write_bytes(b"one")
    (tmp_path / "initial.bin").write_bytes(b"one")
    edit(adapter / "adapter_config.json", peft_type="XLORA", adapters={"0": "part"}, initial="initial.bin")
    if where == "beside it":
        edit(adapter / "adapter_config.json", peft_type="LORA")
    before = identity(model, peft=str(adapter))
    (part / "adapter_model.safetensors").write_bytes(b"two")
    middle = identity(model, peft=str(adapter))
    (tmp_path / "initial.bin").write_bytes(b"two")
    assert None not in (before, middle)
    assert len({json.dumps(one) for one in (before, middle, identity(model, peft=str(adapter)))}) == 3


def test_a_mixture_of_adapters_that_are_nowhere_has_no_identity(model, beside, tmp_path):
    adapter = shutil.copytree(beside[0] / "adapter", tmp_path / "mixed")
    edit(adapter / "adapter_config.json", peft_type="XLORA", adapters={"0": "nobody/part"})
    assert identity(model, peft=str(adapter)) is None


def test_what_is_listed_makes_no_other_model_and_anything_else_does(model):
    def digest():
        return model_digest(Origin(str(model)), None)

    before = digest()
    for name in FILES:
        (model / name.replace("*", "x")).write_text("x", encoding="utf-8")
        assert digest() == before, name
    (model / "whatever").write_text("x", encoding="utf-8")
    assert digest() != before


@pytest.mark.parametrize("name", ["optimizer_utils.py", "samples_head.py", "chat_template_parts.py"])
def test_code_counts_whatever_its_name(model, name):
    (model / name).write_text("SCALE = 1.0\n", encoding="utf-8")
    before = model_digest(Origin(str(model), trusted=True), None)
    (model / name).write_text("SCALE = -1.0\n", encoding="utf-8")
    assert model_digest(Origin(str(model), trusted=True), None) != before


def test_weights_that_somebody_writes_before_they_are_read_are_not_asked(model):
    opened = open_model("hf", {"pretrained": str(model), "dtype": "float32"}, device="cpu", lazily=True)
    assert opened.identity is not None
    file = model / "model.safetensors"
    held = bytearray(file.read_bytes())
    held[-1] ^= 1
    file.write_bytes(held)
    with pytest.raises(ModelError, match="changed while they were read"):
        opened.load()
    again = open_model("hf", {"pretrained": str(model), "dtype": "float32"}, device="cpu", lazily=True)
    assert again.identity != opened.identity
    again.load()
