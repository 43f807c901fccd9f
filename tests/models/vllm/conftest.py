"""The stand-in for vLLM lies beside the tests; what is heavy is imported where it is used."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def errors_of_the_stand_in(request, monkeypatch):
    """What the stand-in raises for a request that it does not take, where the test does not use the real engine."""
    if request.node.get_closest_marker("engine") is None:
        from fake_vllm import ValidationError

        monkeypatch.setattr("proctor.models.vllm.engine.refusals", lambda: (TypeError, ValueError, ValidationError))


@pytest.fixture
def started(monkeypatch):
    """A package ``vllm`` whose engine computes with transformers."""
    from fake_engine import KNOWN, Started
    from fake_vllm import FakeLLM, SamplingParams, fake_module

    engines = Started()

    def llm(*, model, tokens, params, **arguments):
        unknown = (
            set(arguments) - KNOWN - {"max_num_seqs", "enable_lora", "max_lora_rank", "block_size", "max_logprobs"}
        )
        if unknown:
            raise TypeError(f"EngineArgs.__init__() got an unexpected keyword argument '{min(unknown)}'")
        engine = FakeLLM(
            model, arguments.get("max_model_len", 64), arguments.get("block_size", 4), text_of=tokens.decode
        )
        engine.arguments = arguments
        engines.append(engine)
        return engine

    def install(folder, params=SamplingParams, **replaced):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        module = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(folder)

        def model(ids):
            with torch.no_grad():
                return module(torch.tensor([ids])).logits[0].float().log_softmax(-1).numpy()

        tokens = SimpleNamespace(decode=partial(tokenizer.decode, skip_special_tokens=False))
        make = replaced.get("llm") or (lambda **given: llm(**{**given, "model": model}, tokens=tokens, params=params))
        for name, one in fake_module(make, params).items():
            monkeypatch.setitem(sys.modules, name, one)
        monkeypatch.setattr("proctor.models.vllm.identity.engine_release", lambda: "vllm 0.0")
        monkeypatch.setattr("proctor.models.vllm.lazy.engine_release", lambda: "vllm 0.0")
        return engines

    return install
