"""``--model_args`` of ``vllm``: lm-eval's names, and what is wrong with a value."""

from __future__ import annotations

import logging

import pytest

from proctor.errors import UsageError
from proctor.models.vllm.arguments import read_arguments, unknown_key

DEFAULTS = {
    "model": "some/model",
    "dtype": "auto",
    "tokenizer_mode": "auto",
    "trust_remote_code": False,
    "tensor_parallel_size": 1,
    "seed": 1234,
}


def test_lm_evals_names_and_defaults():
    arguments = read_arguments({"pretrained": "some/model"})
    assert arguments.engine(None) == DEFAULTS
    assert (arguments.max_gen_toks, arguments.truncation_side, arguments.world_size) == (256, "left", 1)


def test_what_is_not_known_goes_to_the_engine():
    extra = {"gpu_memory_utilization": 0.8, "enforce_eager": True}
    given = {"pretrained": "some/model", "max_model_len": "4096", **extra}
    assert read_arguments(given).engine(16) == {**DEFAULTS, "max_model_len": 4096, "max_num_seqs": 16, **extra}


def test_what_the_run_says_is_no_argument_of_the_engine(caplog):
    caplog.set_level(logging.WARNING)
    given = {"pretrained": "m", "device": "cuda:0", "batch_size": "auto", "max_batch_size": 3, "swap_space": 4}
    assert read_arguments(given).extra == {}
    assert "device=cuda:0 has no effect" in caplog.text
    assert "no swap_space any more" in caplog.text


def test_ranks_of_an_engine_are_counted():
    given = {"pretrained": "m", "tensor_parallel_size": "4", "pipeline_parallel_size": 2}
    assert read_arguments(given).world_size == 8


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "needs pretrained=..."),
        ({"pretraind": "m"}, "Did you mean 'pretraind'"),
        ({"pretrained": 3}, "is a int"),
        ({"pretrained": "m", "max_length": 3, "max_model_len": 3}, "two names"),
        ({"pretrained": "m", "max_length": 0}, "at least 1"),
        ({"pretrained": "m", "max_gen_toks": "many"}, "at least 1"),
        ({"pretrained": "m", "tensor_parallel_size": 0}, "at least 1"),
        ({"pretrained": "m", "prefix_token_id": -1}, "at least 0"),
        ({"pretrained": "m", "trust_remote_code": "perhaps"}, "True or False"),
        ({"pretrained": "m", "truncation_side": "top"}, "left, middle, right"),
        ({"pretrained": "m", "scoring": "tree"}, "auto, named, plain"),
        ({"pretrained": "m", "tokenizer_mode": "mistral"}, "auto, hf, slow"),
        ({"pretrained": "m", "chat_template_args": "x"}, "JSON object"),
        ({"pretrained": "m", "enable_thinking": True}, "needs think_end_token"),
    ],
)
def test_what_is_wrong_is_a_sentence(given, words):
    with pytest.raises(UsageError) as caught:
        read_arguments(given)
    assert words in str(caught.value)


def test_a_misspelt_key_of_the_engine_is_understood():
    assert "gpu_memory_utilization" in str(unknown_key("gpu_memory_utilisation"))
