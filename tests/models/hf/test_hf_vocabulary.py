"""Tokenizers that make tokens which a model does not know."""

from __future__ import annotations

import json
import shutil

import pytest

from proctor.cli.main import main
from proctor.errors import RequestError
from proctor.models import open_model
from proctor.types import Generate, Loglikelihood, Rolling


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
