"""The pool's own arguments are taken off a model's; what is wrong with them is a sentence."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from proctor import lazy, models
from proctor.errors import MissingExtraError, UsageError
from proctor.models import model_kind, open_model
from proctor.models.hf.arguments import unknown_key as hf_unknown
from proctor.models.pool.arguments import WAIT, PoolArguments, pool_hint, split_pool, without_pool
from proctor.models.vllm.arguments import unknown_key as vllm_unknown

HF, VLLM = model_kind("hf"), model_kind("vllm")


def test_a_model_without_a_pool_keeps_its_arguments():
    args = {"pretrained": "m", "num_workers": 3}
    assert split_pool(HF, args) == (None, args)


def test_the_arguments_of_a_pool_are_taken_off():
    args = {"pretrained": "m", "pool": "ray", "num_workers": "4", "gpus_per_worker": "0.5", "ray_address": "auto"}
    pool, inner = split_pool(HF, args)
    assert pool == PoolArguments(workers=4, gpus=0.5, address="auto", wait=WAIT)
    assert inner == without_pool(HF, args) == {"pretrained": "m"}


def test_the_copies_of_lm_evals_vllm_are_a_pool():
    args = {"pretrained": "m", "data_parallel_size": 2, "tensor_parallel_size": 4}
    pool, inner = split_pool(VLLM, args)
    assert pool is not None
    assert pool.workers == 2
    assert inner == {"pretrained": "m", "tensor_parallel_size": 4}
    assert VLLM.devices_of(inner) == 4
    assert split_pool(VLLM, {"pretrained": "m", "data_parallel_size": 1}) == (None, {"pretrained": "m"})


def test_copies_elsewhere_are_an_argument_like_any_other():
    assert split_pool(HF, {"data_parallel_size": 2}) == (None, {"data_parallel_size": 2})


def test_a_server_takes_no_gpu():
    assert model_kind("local-completions").devices_of({"tensor_parallel_size": 4}) == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"pool": "rai"}, "Did you mean 'ray'"),
        ({"pool": "ray", "num_workers": 0}, "at least 1"),
        ({"pool": "ray", "num_workers": -1.0}, "num_workers is -1;"),
        ({"pool": "ray", "num_workers": "many"}, "at least 1"),
        ({"pool": "ray", "num_workers": True}, "at least 1"),
        ({"pool": "ray", "gpus_per_worker": -1}, "not negative"),
        ({"pool": "ray", "gpus_per_worker": 1.5}, "parts of one GPU"),
        ({"pool": "ray", "cpus_per_worker": "nan"}, "not negative"),
        ({"pool": "ray", "worker_wait": "long"}, "not negative"),
        ({"pool": "ray", "ray_address": "ray://head:10001"}, "ray job submit"),
        ({"pool": "ray", "ray_address": "http://head:8265"}, "ray job submit"),
        ({"data_parallel_size": "two"}, "at least 1"),
        ({"data_parallel_size": 2, "num_workers": 3}, "both say"),
    ],
)
def test_what_is_wrong_is_a_sentence(given, words):
    with pytest.raises(UsageError) as caught:
        split_pool(VLLM, {"pretrained": "m", **given})
    assert words in str(caught.value)


def test_an_argument_of_a_pool_that_is_none_names_the_pool():
    assert pool_hint("num_workers") == "num_workers belongs to a pool of workers: add pool=ray, or the flag --ray."
    assert pool_hint("dtype") is None
    assert "add pool=ray" in str(hf_unknown("num_workers", "LlamaForCausalLM"))
    assert "add pool=ray" in str(vllm_unknown("gpus_per_worker"))


@pytest.mark.parametrize(
    ("kind", "given"),
    [("vllm", {"pretrained": "m", "data_parallel_size": 2}), ("dummy", {"pool": "ray"})],
)
def test_without_ray_the_sentence_says_how_to_get_it(kind, given, monkeypatch):
    monkeypatch.setattr(lazy, "is_installed", lambda module: module != "ray")
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    with pytest.raises(MissingExtraError, match="package 'ray' is needed") as caught:
        open_model(kind, given)
    assert "[ray]" in str(caught.value)


def test_a_tokenizer_is_opened_without_the_pool(monkeypatch):
    opened = []
    row = replace(HF, open_tokenizer="proctor.models.hf:open_hf_tokenizer")
    monkeypatch.setattr(models, "model_kind", lambda name: row)
    monkeypatch.setattr(models, "load_attribute", lambda target: opened.append)
    models.open_tokenizer("hf", {"pretrained": "m", "pool": "ray", "num_workers": 2})
    assert opened == [{"pretrained": "m"}]
