"""Prompts with common beginnings, small random models, and the texts that they give."""

from __future__ import annotations

import inspect
import random

import architectures as zoo
import pytest
import torch

from proctor.models.hf.call_form import CACHE_NAMES
from proctor.types import Generate, Loglikelihood

shares = pytest.mark.skipif(zoo.release() < (5, 0), reason="before transformers 5 decoding need not be shared")


def words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(zoo.WORDS, k=count))


def mixed_prompts(chance: random.Random, stems=(60, 40, 0), count: int = 5) -> list[str]:
    """Prompts behind a few common beginnings, one of them twice."""
    prompts = [
        f"{stem} {words(chance, chance.choice([1, 2, 9, 25]))}".strip()
        for stem in [words(chance, length) for length in stems]
        for _ in range(count)
    ]
    return [*prompts, prompts[0]]


def generate(module, prompts, kwargs, *, size=4, **arguments):
    model = zoo.open_architecture(module, batch_size=size, **arguments)
    answers = dict(model.respond([Generate(prompt, kwargs) for prompt in prompts]))
    return [answers[index].text for index in range(len(prompts))], model.report()["generation"]


TINY = {
    "llama": {"num_key_value_heads": 2},
    "gpt2": {},
    "gpt_neox": {},
    "mistral": {"num_key_value_heads": 1, "sliding_window": 11},
}


def tiny(kind: str, seed: int):
    import transformers

    shape = zoo.GPT if kind == "gpt2" else zoo.LLAMA
    settings = {**shape, **TINY[kind], "vocab_size": zoo.VOCABULARY, **zoo.IDS}
    torch.manual_seed(seed)
    module = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(kind, **settings)).eval()
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return module


def cache_name(module) -> str:
    """The name that the installed transformers itself writes."""
    return next(name for name in CACHE_NAMES if name in inspect.signature(module.forward).parameters)


def requests():
    chance = random.Random(1)
    context = " ".join(chance.choices(zoo.WORDS, k=24))
    return [Loglikelihood(f"{context} {word}", (" A", " B w1", " C")) for word in zoo.WORDS[30:34]]


def scored(module, **arguments):
    model = zoo.open_architecture(module, batch_size=8, **arguments)
    found = dict(model.respond(requests()))
    values = [value for index in sorted(found) for value, _ in found[index].values]
    return values, model.report()["scoring"]


def decoded(module, **arguments):
    model = zoo.open_architecture(module, batch_size=8, **arguments)
    found = dict(model.respond([Generate("w1 w2 w3 w4 w5 w6 w7 w8 w9", {"max_gen_toks": 6})]))
    return found[0].text, model.report()["generation"]
