"""Which texts are decoded with shared prefixes: greedy ones, of models that attend as they say."""

from __future__ import annotations

import pytest
import torch
from tiny_texts import generate, shares, tiny

from proctor.models.generation import plan_generation
from proctor.models.hf.decoding.decode import ForwardPasses
from proctor.models.hf.decoding.decoding_gate import choose, objection


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        ({"temperature": 0.7}, "sampling"),
        ({"num_beams": 2}, "num_beams"),
        ({"repetition_penalty": 1.2}, "repetition_penalty"),
        ({"min_new_tokens": 2}, "min_new_tokens"),
    ],
)
def test_what_is_not_greedy_is_left_to_transformers(kwargs, word):
    _, facts = generate(tiny("llama", 0), ["w1 w2", "w3"], {"max_gen_toks": 3, **kwargs})
    assert facts["mode"] == "plain"
    assert word in facts["reason"]


@pytest.mark.parametrize("kwargs", [{"num_beams": 1}, {"top_p": 0.9, "do_sample": False}, {"repetition_penalty": 1.0}])
def test_arguments_that_change_nothing_are_no_objection(kwargs):
    assert objection(tiny("llama", 0), plan_generation(kwargs), 20) is None


def test_a_generation_config_of_the_model_is_kept():
    module = tiny("llama", 0)
    module.generation_config.no_repeat_ngram_size = 2
    assert objection(module, plan_generation({}), 20) == "the model's generation config sets no_repeat_ngram_size"


def test_a_model_that_generates_in_its_own_way_does_so():
    module = tiny("llama", 0)
    module.__class__ = type("Own", (type(module),), {"generate": lambda self, **kwargs: None})
    assert objection(module, plan_generation({}), 20) == "the model generates in its own way"


@shares
def test_the_probe_sees_attention_that_is_not_what_it_says(monkeypatch):
    module = tiny("llama", 0)
    passes = ForwardPasses(module, torch.device("cpu"), None, 0)
    assert choose(passes, list(range(5, 60)), 55).mode == "shared"
    # A layer that scales its scores, but only where transformers' own attention is in use.
    from proctor.models.hf.decoding import slot_attention as room

    attend = room.attend
    with monkeypatch.context() as patch:
        patch.setattr(room, "attend", lambda *args, scaling, **kwargs: attend(*args, scaling=scaling * 1.01, **kwargs))
        choice = choose(passes, list(range(5, 60)), 55)
    # transformers keeps the function that it was given last, for all models of this process.
    room._register()
    assert choice.mode == "plain"
    assert "logits differ" in choice.reason
