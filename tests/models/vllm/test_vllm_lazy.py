"""When the engine starts and ends, and what is known before it does."""

from __future__ import annotations

import pytest
from fake_engine import open_fake
from tiny_models import MODEL, REQUESTS

import proctor
from proctor.errors import ModelError


def test_the_engine_starts_when_it_is_first_asked_and_ends_when_closed(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    assert model.identity["engine"] == "vllm 0.0"
    assert model.report()["scoring"] == {}
    assert engines == []
    list(model.respond(REQUESTS[:1]))
    assert len(engines) == 1
    assert model.info["model_dtype"] == "float32"
    assert model.info["tokenizer"]["max_length"] == 64
    model.close()
    assert engines[0].ended
    with pytest.raises(ModelError, match="closed"):
        list(model.respond(REQUESTS[:1]))


def test_facts_of_an_earlier_run_start_nothing(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    model.recall({"model_dtype": "float32", "device": "cpu", "engine": "vllm 0.0", "other": 3})
    assert model.info["engine"] == "vllm 0.0"
    assert "other" not in model.info
    assert engines == []


def test_a_run_whose_responses_are_cached_starts_no_engine(checkpoints, started, tmp_path):
    """Scores are those of transformers, and the results file says how they were computed."""
    engines = started(MODEL)
    settings = {"tasks": ["demo_errands", "demo_letter_folk"], "limit": 3, "store": str(tmp_path / "store.sqlite")}
    args = {"pretrained": str(MODEL), "dtype": "float32", "max_model_len": 512}
    first = proctor.evaluate(model="vllm", model_args=args, **settings)
    assert len(engines) == 1
    again = proctor.evaluate(model="vllm", model_args=args, **settings)
    assert len(engines) == 1
    args = {"pretrained": str(MODEL), "dtype": "float32", "max_length": 510}
    reference = proctor.evaluate(model="hf", model_args=args, device="cpu", **settings)
    scores = [{task.name: dict(task.values) for task in one.tasks} for one in (first, again, reference)]
    assert scores[0] == scores[1]
    assert str(scores[0]) == str(scores[2])
