"""The kind ``vllm`` over an engine that computes with transformers."""

from __future__ import annotations

from proctor.models import open_model
from proctor.types import Generate

KNOWN = {"model", "dtype", "trust_remote_code", "tensor_parallel_size", "tokenizer_mode", "max_model_len", "seed"}


class Started(list):
    """The engines that were started, each with its arguments."""


def open_fake(folder, **args):
    return open_model("vllm", {"pretrained": str(folder), "dtype": "float32", **args}, lazily=True)


def in_order(model, requests):
    found = dict(model.respond(requests))
    assert sorted(found) == list(range(len(requests)))
    return [found[index] for index in range(len(requests))]


def generate(text, **kwargs):
    return Generate(text, {"until": [], "max_gen_toks": 8, "do_sample": False, **kwargs})
