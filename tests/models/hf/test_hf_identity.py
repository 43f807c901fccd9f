"""What makes a model the same model: its weights and what it does with text, never where it lies or how it is run."""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import fields
from inspect import signature

import pytest
import torch
from tiny_models import MODEL, identity, open_lazily
from transformers import LlamaConfig

from proctor.models import open_model
from proctor.models.hf.arguments import BOOLEANS, NUMBERS, PASSED_ON, RUN_KEYS, HfArguments, read_arguments
from proctor.models.hf.files import NO_MATTER as FILES
from proctor.models.hf.identity import BY_EFFECT, NO_MATTER, identify
from proctor.models.hf.variables import FAMILIES
from proctor.models.hf.variables import NO_MATTER as VARIABLES


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
    given = open_lazily(loaded.module, tokenizer=loaded.tokens.tokenizer)
    assert given.identity is None
    assert given.info["model_num_parameters"] == loaded.module.num_parameters()


def test_what_depends_on_the_other_requests_has_none(checkpoints):
    assert identity(checkpoints / "llama", logits_cache="lm_eval", scoring="plain") is None


def config_of(commit):
    config = LlamaConfig()  # a class of transformers: code of a test is not what was shipped
    config.dtype, config._commit_hash = torch.float32, commit
    return config


@pytest.fixture
def on_the_hub(checkpoints):
    def found(commit, **args):
        tokens = open_lazily(checkpoints / "llama").tokens
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


def test_a_coarser_multiplication_makes_another_model():
    before, precision = identity(MODEL), torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert identity(MODEL) != before
    finally:
        torch.set_float32_matmul_precision(precision)
    assert identity(MODEL) == before


def test_another_way_to_begin_whole_texts_makes_another_model():
    assert identity(MODEL, rolling_bos_once=True) != identity(MODEL)
