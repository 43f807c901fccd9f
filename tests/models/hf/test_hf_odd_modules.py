"""Modules that scripts hand in, and tokenizers that make tokens which a model does not know."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from proctor.cli.main import main
from proctor.errors import ModelError, RequestError
from proctor.models import open_model
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore

MODEL = Path(__file__).resolve().parents[3] / "src" / "proctor" / "benchmarks" / "demo" / "model"
REQUESTS = [Loglikelihood("the quick", (" fox", " dog")), Rolling("a b c d")]


class Bare(torch.nn.Module):
    """What a script writes around a model: a config, a device and a forward."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.config = SimpleNamespace(vocab_size=inner.config.vocab_size, max_position_embeddings=64)
        self.device = torch.device("cpu")

    def forward(self, input_ids, **_):
        return SimpleNamespace(logits=self.inner(input_ids).logits)


class NoModule:
    """The same, and not even a module of torch."""

    def __init__(self, inner):
        self.inner, self.config, self.device = inner, SimpleNamespace(max_position_embeddings=64), "cpu"

    def forward(self, input_ids):
        return SimpleNamespace(logits=self.inner(input_ids).logits)

    __call__ = forward


@pytest.mark.parametrize("kind", [Bare, NoModule])
def test_a_module_needs_a_config_a_device_and_a_forward(checkpoints, kind):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = checkpoints / "llama"
    inner = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = open_model("hf", {"pretrained": kind(inner), "tokenizer": tokenizer}, device="cpu")
    assert model.name == kind.__name__
    found = dict(model.respond(REQUESTS))
    plain = open_model("hf", {"pretrained": str(folder), "dtype": "float32", "scoring": "plain"}, device="cpu")
    expected = dict(plain.respond(REQUESTS))
    for one, other in zip(found[0].values, expected[0].values, strict=True):
        assert one[0] == pytest.approx(other[0], abs=1e-4)
    assert isinstance(found[1], RollingScore)
    with pytest.raises(ModelError, match="cannot generate"):
        list(model.respond([Generate("a", {"max_gen_toks": 2})]))


@pytest.fixture
def too_many(checkpoints, tmp_path):
    """A model whose tokenizer has learned a token since."""
    from transformers import AutoTokenizer

    folder = shutil.copytree(checkpoints / "llama", tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<new>"])
    tokenizer.save_pretrained(folder)
    return folder, len(tokenizer)


@pytest.mark.parametrize(
    "request_with_it",
    [
        Loglikelihood("a <new>", (" b",)),
        Loglikelihood("a", (" b", "<new>")),
        Rolling("b <new>"),
        Generate("a <new>", {"max_gen_toks": 2}),
    ],
)
def test_a_token_that_the_model_does_not_know_is_named_before_it_is_asked(too_many, request_with_it):
    folder, entries = too_many
    fine = {Loglikelihood: Loglikelihood("a", (" b",)), Rolling: Rolling("a b")}.get(
        type(request_with_it), Generate("a", {"max_gen_toks": 2})
    )
    model = open_model("hf", {"pretrained": str(folder)}, device="cpu")
    assert len(dict(model.respond([fine]))) == 1
    with pytest.raises(RequestError, match=rf"'<new>'.*{entries - 1} rows, its tokenizer {entries} entries") as caught:
        list(model.respond([fine, request_with_it]))
    assert caught.value.request == 1


def test_the_document_with_such_a_token_is_named(too_many, tmp_path, write_exam, capsys):
    exam = write_exam(tmp_path / "exam", "odd", documents=4)
    rows = [{"question": f"Q{n}{' <new>' * (n == 2)}", "choices": ["a", "b"], "answer": 1} for n in range(4)]
    (exam / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = [
        "--model",
        "hf",
        "--model_args",
        f"pretrained={too_many[0]}",
        "--tasks",
        "odd",
        "--include_path",
        str(exam),
    ]
    assert main(["run", *words, "--device", "cpu"]) == 1
    assert "Task 'odd', document 2 cannot be asked" in capsys.readouterr().err


def test_a_pad_token_that_the_model_does_not_know_fills_no_row(checkpoints, tmp_path):
    from transformers import AutoTokenizer

    folder = shutil.copytree(checkpoints / "llama", tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
    tokenizer.save_pretrained(folder)
    prompts = [Generate("the quick brown fox", {"max_gen_toks": 3}), Generate("a", {"max_gen_toks": 3})]
    args = {"scoring": "plain", "dtype": "float32"}
    odd = open_model("hf", {"pretrained": str(folder), **args}, device="cpu", batch_size=2)
    usual = open_model("hf", {"pretrained": str(checkpoints / "llama"), **args}, device="cpu", batch_size=2)
    assert dict(odd.respond(prompts)) == dict(usual.respond(prompts))
