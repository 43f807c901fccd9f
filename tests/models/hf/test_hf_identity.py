"""What makes a model the same model: its weights and what it does with text, never where it lies or how it is run."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig

from proctor.models import open_model
from proctor.models.hf.arguments import read_arguments
from proctor.models.hf.identity import identify
from proctor.types import Loglikelihood

REQUEST = Loglikelihood("the quick", (" fox", " the lazy dog"))


def lazily(folder, *, device="cpu", batch_size=1, **args):
    pretrained = str(folder) if isinstance(folder, Path) else folder
    args = {"pretrained": pretrained, "dtype": "float32", **args}
    return open_model("hf", args, device=device, batch_size=batch_size, lazily=True)


def identity(folder, **args):
    return lazily(folder, **args).identity


@pytest.fixture
def copy(checkpoints, tmp_path):
    return shutil.copytree(checkpoints / "llama", tmp_path / "elsewhere" / "model")


def test_a_copy_is_the_same_model(checkpoints, copy):
    assert identity(copy) == identity(checkpoints / "llama")
    json.dumps(identity(copy))
    assert str(copy.parent) not in json.dumps(identity(copy))


def test_one_weight_makes_another_model(copy):
    from safetensors.torch import load_file, save_file

    before = identity(copy)
    weights = load_file(copy / "model.safetensors")
    next(iter(weights.values())).view(-1)[0] += 1e-3
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    after = identity(copy)
    assert {key for key in before if before[key] != after[key]} == {"weights"}


def test_weights_that_change_within_their_second_are_noticed(copy):
    file = copy / "model.safetensors"
    os.utime(file)
    before = identity(copy)
    status = file.stat()
    with file.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        last = stream.read(1)
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([last[0] ^ 1]))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert identity(copy) != before


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"dtype": "bfloat16"}, {"dtype", "scoring", "generation"}),
        ({"max_length": 32}, {"max_length"}),
        ({"add_bos_token": True}, {"arguments", "tokenizer"}),
        ({"prefix_token_id": 7}, {"arguments"}),
        ({"softmax_dtype": "float64"}, {"scoring"}),
        ({"mixed_precision_dtype": "bfloat16"}, {"autocast", "scoring", "generation"}),
        ({"batch_invariant": True}, {"scoring", "generation"}),
        ({"truncation": True}, {"generation"}),
        ({"think_end_token": "</think>"}, {"generation"}),
        ({"attn_implementation": "eager"}, {"arguments"}),
        ({"load_in_8bit": True}, {"arguments"}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_changes_answers_changes_the_identity(checkpoints, more, where):
    before, after = (identity(checkpoints / "llama", **args) for args in ({}, more))
    changed = {key for key in before if before[key] != after[key]}
    assert changed
    assert changed <= where


@pytest.mark.parametrize(
    "more",
    [
        {"batch_size": 8},
        {"batch_size": "auto"},
        {"scoring": "plain"},
        {"scoring": "tree"},
        {"logits_cache": False},
        {"dtype": "auto"},
        {"device_map": "auto"},
        {"cache_dir": "/nowhere"},
        {"parallelize": True},
    ],
    ids=lambda value: next(iter(value)),
)
def test_what_changes_no_answer_leaves_it_alone(checkpoints, more):
    assert identity(checkpoints / "llama", **more) == identity(checkpoints / "llama")


def test_in_reduced_precision_ways_of_scoring_are_kept_apart(checkpoints):
    found = [identity(checkpoints / "llama", dtype="bfloat16", scoring=way) for way in ("plain", "tree", "context")]
    assert len({json.dumps(one) for one in found}) == 3


def test_another_tokenizer_makes_another_model_and_another_chat_template_does_not(checkpoints, copy):
    template = copy / "chat_template.jinja"
    assert template.is_file()
    template.write_text("{{ 'other' }}")
    assert identity(copy) == identity(checkpoints / "llama")
    assert identity(copy, tokenizer=str(checkpoints / "sp"))["tokenizer"] != identity(copy)["tokenizer"]
    rules = json.loads((copy / "tokenizer.json").read_text(encoding="utf-8"))
    rules["model"]["merges"] = rules["model"]["merges"][:-1]
    (copy / "tokenizer.json").write_text(json.dumps(rules), encoding="utf-8")
    assert identity(copy)["tokenizer"] != identity(checkpoints / "llama")["tokenizer"]


def test_an_adapter_makes_another_model(checkpoints, copy):
    assert identity(copy, delta=str(checkpoints / "llama")) != identity(copy)
    assert identity(copy, delta=str(checkpoints / "llama")) == identity(copy, delta=str(copy))


def test_a_module_that_is_handed_in_has_none(checkpoints):
    loaded = open_model("hf", {"pretrained": str(checkpoints / "llama")}, device="cpu")
    given = lazily(loaded.module, tokenizer=loaded.tokens.tokenizer)
    assert given.identity is None
    assert given.info["model_num_parameters"] == loaded.module.num_parameters()


def test_what_depends_on_the_other_requests_has_none(checkpoints):
    assert identity(checkpoints / "llama", logits_cache="lm_eval", scoring="plain") is None


# the model that reads its weights late


def test_weights_are_read_when_the_model_is_asked(checkpoints, monkeypatch):
    from proctor.models.hf.load import load

    read, before = [], load.load_weights
    monkeypatch.setattr(load, "load_weights", lambda *args, **more: read.append(1) or before(*args, **more))
    model = lazily(checkpoints / "llama")
    assert model.identity is not None
    assert model.chat_template(True)
    assert model.render([{"role": "user", "content": "x"}], add_generation_prompt=True)
    assert model.report()["batch_sizes"] == []
    assert read == []
    assert dict(model.respond([REQUEST])) == dict(
        open_model("hf", {"pretrained": str(checkpoints / "llama"), "dtype": "float32"}, device="cpu").respond(
            [REQUEST]
        )
    )
    assert model.info["model_dtype"] == "torch.float32"
    model.close()


def test_what_was_said_of_the_weights_need_not_be_read_again(checkpoints, monkeypatch):
    from proctor.models.hf.load import load

    known = lazily(checkpoints / "llama").info
    monkeypatch.setattr(load, "load_weights", None)
    model = lazily(checkpoints / "llama")
    model.recall({**known, "tokenizer_name": "of another folder", "device": "cuda:3"})
    assert model.info == known


def test_reading_weights_late_draws_no_number(checkpoints):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    lazily(checkpoints / "llama").loaded()
    assert torch.equal(torch.rand(3), expected)


# models of the hub


def config_of(commit):
    config = LlamaConfig()  # a class of transformers: code of a test is not what was shipped
    config.dtype, config._commit_hash = torch.float32, commit
    return config


@pytest.fixture
def on_the_hub(checkpoints):
    def found(commit, **args):
        tokens = lazily(checkpoints / "llama").tokens
        return identify(read_arguments({"pretrained": "owner/name", **args}), config_of(commit), tokens, dtype="auto")

    return found


def test_a_model_of_the_hub_is_known_by_its_commit(on_the_hub):
    first, second = on_the_hub("a" * 40), on_the_hub("b" * 40)
    assert first["weights"]["commit"] == "a" * 40
    assert {key for key in first if first[key] != second[key]} == {"weights"}
    assert on_the_hub("a" * 40, revision="v1") == on_the_hub("a" * 40, token="secret") == first
    assert on_the_hub("a" * 40, subfolder="small")["weights"] != first["weights"]
    assert on_the_hub("a" * 40, variant="fp16") != first


def test_without_a_commit_nothing_is_kept(on_the_hub, caplog):
    caplog.set_level(logging.INFO, logger="proctor")
    assert on_the_hub(None) is None
    assert "Responses of this model are not cached" in caplog.text
    assert on_the_hub("a" * 40, quantization_config=object()) is None


def test_an_adapter_of_the_hub_is_known_by_the_commit_in_the_cache(on_the_hub, tmp_path):
    def cached(commit):
        root = tmp_path / commit[:1] / "models--owner--adapter"
        (root / "refs").mkdir(parents=True)
        (root / "refs" / "main").write_text(commit)
        (root / "snapshots" / commit).mkdir(parents=True)
        (root / "snapshots" / commit / "adapter_config.json").write_text("{}")
        return str(root.parent)

    found = on_the_hub("a" * 40, peft="owner/adapter", cache_dir=cached("c" * 40))
    assert found["peft"] == {"commit": "c" * 40}
    assert on_the_hub("a" * 40, peft="owner/adapter", cache_dir=cached("d" * 40)) != found
    assert on_the_hub("a" * 40, peft="owner/nothing", cache_dir=str(tmp_path)) is None
