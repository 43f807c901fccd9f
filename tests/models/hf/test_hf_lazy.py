"""A model whose weights are read when it is first asked: what is stored needs none of them."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from tiny_models import open_lazily

from proctor.models import hf, open_model
from proctor.types import Loglikelihood

REQUEST = Loglikelihood("the quick", (" fox", " the lazy dog"))


def test_weights_are_read_when_the_model_is_asked(checkpoints, monkeypatch):
    from proctor.models.hf.load import load

    read, before = [], load.load_weights
    monkeypatch.setattr(load, "load_weights", lambda *args, **more: read.append(1) or before(*args, **more))
    model = open_lazily(checkpoints / "llama")
    assert model.identity is not None
    assert model.chat_template(True)
    assert model.render([{"role": "user", "content": "x"}], add_generation_prompt=True)
    assert model.report()["batch_sizes"] == []
    assert read == []
    assert dict(model.respond([REQUEST])) == dict(
        open_model("hf", {"pretrained": str(checkpoints / "llama"), "dtype": "float32"}, device="cpu").respond(
            [REQUEST]
        )
    )
    assert model.info["model_dtype"] == "torch.float32"
    model.close()


def test_what_was_said_of_the_weights_need_not_be_read_again(checkpoints, monkeypatch):
    from proctor.models.hf.load import load

    known = open_lazily(checkpoints / "llama").info
    monkeypatch.setattr(load, "load_weights", None)
    model = open_lazily(checkpoints / "llama")
    model.recall({**known, "tokenizer_name": "of another folder", "device": "cuda:3"})
    assert model.info == known


def test_reading_weights_late_draws_no_number(checkpoints):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    open_lazily(checkpoints / "llama").loaded()
    assert torch.equal(torch.rand(3), expected)


def test_a_long_import_is_announced(monkeypatch, caplog):
    """Torch takes ten seconds from a cold disk, in which nothing else is said."""
    monkeypatch.setattr(hf, "need", lambda *args, **kwargs: None)
    monkeypatch.setattr(hf, "sys", SimpleNamespace(modules={}))
    with caplog.at_level("INFO", "proctor"):
        hf._get_ready()
    assert caplog.messages == ["Importing torch and transformers ..."]
    monkeypatch.undo()
    hf._get_ready()
    assert len(caplog.messages) == 1
