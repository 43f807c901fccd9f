"""With which arguments the engine starts, and why it does not."""

from __future__ import annotations

import random
import sys

import pytest
from fake_engine import open_fake
from fake_vllm import params_without
from tiny_models import REQUESTS

from proctor.errors import MissingExtraError, ModelError, UsageError
from proctor.models import open_model, open_tokenizer


def test_the_seeds_of_the_engine_are_not_those_of_the_run(checkpoints, started):
    started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    make = sys.modules["vllm"].LLM

    def seeding(**given):
        random.seed(given["seed"])
        return make(**given)

    sys.modules["vllm"].LLM = seeding
    random.seed(5)
    expected = random.Random(5).random()
    model.load()
    assert random.random() == expected


def test_arguments_of_the_engine(checkpoints, started, monkeypatch):
    monkeypatch.delenv("VLLM_ENABLE_V1_MULTIPROCESSING", raising=False)
    engines = started(checkpoints / "llama")
    args = {"pretrained": str(checkpoints / "llama"), "max_length": 40, "block_size": 2, "seed": 7}
    open_model("vllm", args, max_batch_size=8)
    arguments = engines[0].arguments
    assert arguments.pop("trust_remote_code") is False
    assert arguments == {
        "dtype": "auto",
        "tokenizer_mode": "auto",
        "tensor_parallel_size": 1,
        "max_model_len": 40,
        "seed": 7,
        "max_num_seqs": 8,
        "block_size": 2,
    }
    import os

    assert os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"


def test_an_old_release_is_started_with_more_log_probabilities(checkpoints, started):
    engines = started(checkpoints / "llama", params_without("logprob_token_ids"))
    list(open_fake(checkpoints / "llama").respond(REQUESTS[:1]))
    assert engines[0].arguments["max_logprobs"] == 64


def test_a_tokenizer_for_a_preview_needs_no_vllm(checkpoints):
    tokens = open_tokenizer("vllm", {"pretrained": str(checkpoints / "llama")})
    assert (tokens.max_length, tokens.scored_length) == (64, 62)


def test_templates_get_enable_thinking_always(checkpoints, started):
    started(checkpoints / "llama")
    template = "{{ enable_thinking }}{{ extra }}{{ messages[0]['content'] }}"
    for args, expected in (
        ({}, "Nonehi"),
        ({"chat_template_args": {"extra": 3}}, "None3hi"),
        ({"enable_thinking": False}, "Falsehi"),
    ):
        model = open_fake(checkpoints / "llama", **args)
        model.tokens.tokenizer.chat_template = template
        assert model.render([{"role": "user", "content": "hi"}], add_generation_prompt=True) == expected


def test_without_vllm_a_sentence_says_how_to_get_it(checkpoints, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "vllm", raising=False)
    with pytest.raises(MissingExtraError, match="package 'vllm' is needed") as caught:
        open_model("vllm", {"pretrained": str(checkpoints / "llama")})
    assert "[vllm]" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("operator torchvision::nms does not exist"), "pip uninstall torchvision"),
        (ValueError("User-specified max_model_len (99) is greater than the derived max_model_len"), "is more than"),
        (ValueError("Free memory on device (1/80 GiB) on startup is less"), "gpu_memory_utilization"),
        (ValueError("larger than the maximum; the estimated maximum model length is 9"), "max_model_len"),
        (RuntimeError("Engine core initialization failed. See root cause above."), "__main__"),
        (RuntimeError("Failed to infer device type"), "--model hf"),
        (TypeError("EngineArgs.__init__() got an unexpected keyword argument 'enforce_eagr'"), "enforce_eager"),
        (SystemExit(3), "its code"),
        (KeyError("odd"), "LMEVAL_LOG_LEVEL=DEBUG"),
    ],
)
def test_whatever_stops_the_engine_is_a_sentence(checkpoints, started, error, words):
    def llm(**_):
        raise error

    started(checkpoints / "llama", llm=llm)
    model = open_fake(checkpoints / "llama", enforce_eagr=True)
    with pytest.raises((ModelError, UsageError)) as caught:
        list(model.respond(REQUESTS))
    assert words in str(caught.value)


def test_a_process_of_the_engine_that_imports_the_script_says_so(checkpoints, started, monkeypatch):
    import multiprocessing

    started(checkpoints / "llama")
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    try:
        with pytest.raises(UsageError, match="import the main script again"):
            open_fake(checkpoints / "llama")
        assert sys.tracebacklimit == 0
    finally:
        # Not by monkeypatch, which would set it again at its end, for all tests that follow.
        del sys.tracebacklimit


def test_files_that_change_while_they_are_read_are_an_error(checkpoints, started, tmp_path):
    import shutil

    folder = tmp_path / "llama"
    shutil.copytree(checkpoints / "llama", folder)
    started(folder)
    model = open_fake(folder)
    assert model.identity is not None
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(ModelError, match="changed while"):
        model.load()
