"""Every file that may be read, and every argument, makes another model, but for what a list says cannot matter."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import torch
from tiny_models import MODEL, edit, identity

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.models.hf.files import NO_MATTER as FILES
from proctor.models.hf.files import Origin, model_digest


def save_bin(folder, factor=1.0):
    from safetensors.torch import load_file

    weights = load_file(MODEL / "model.safetensors")
    torch.save({name: tensor * factor for name, tensor in weights.items()}, folder / "pytorch_model.bin")


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
