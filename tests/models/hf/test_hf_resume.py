"""A run that goes on where it was stopped: to the last bit what an undisturbed run would have got."""

from __future__ import annotations

import random

import pytest

from proctor.models import open_model
from proctor.models.hf.device import BatchSizes
from proctor.types import Generate, Loglikelihood, Rolling

WORDS = ("the", "quick", "brown", "fox", "jumps", "over", "lazy", "dog", "question", "answer", "seoul", "korea")


def text(rng, low, high):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high)))


def scored(count=120, seed=0):
    rng = random.Random(seed)
    shots = [text(rng, 6, 9) for _ in range(4)]
    return [
        Loglikelihood(f"{rng.choice(shots)} {text(rng, 1, 6)}", tuple(f" {text(rng, 1, 3)}" for _ in range(3)))
        for _ in range(count)
    ]


def rolled(count=60, seed=1):
    rng = random.Random(seed)
    return [Rolling(text(rng, 1, 40)) for _ in range(count)]


def opened(checkpoints, name="llama", batch_size=4, **args):
    args = {"pretrained": str(checkpoints / name), "dtype": "float32", **args}
    return open_model("hf", args, device="cpu", batch_size=batch_size, threads=1)


@pytest.fixture
def small_heads(monkeypatch):
    """Many groups of passes in a small test."""
    monkeypatch.setattr("proctor.models.hf.model.sizes_of", lambda device: BatchSizes(2048, 16384, head_rows=16))
    monkeypatch.setattr("proctor.models.hf.model.pass_tokens", lambda device: 48)


@pytest.mark.parametrize(
    ("requests", "args"),
    [
        (scored(), {"scoring": "plain"}),
        (scored(), {"scoring": "tree"}),
        (scored(), {"scoring": "context"}),
        (scored(), {"batch_invariant": True}),
        (rolled(), {}),
        (scored(40) + rolled(20), {}),
    ],
    ids=["plain", "tree", "context", "invariant", "rolling", "mixed"],
)
@pytest.mark.parametrize("after", [1, 0.2, 0.5, 0.9])
def test_a_stopped_run_goes_on_to_the_last_bit(checkpoints, small_heads, requests, args, after):
    undisturbed = list(opened(checkpoints, **args).respond(requests))
    count = after if isinstance(after, int) else int(after * len(requests))
    kept = dict(undisturbed[:count])
    missing = [place for place in range(len(requests)) if place not in kept]
    resumed = dict(opened(checkpoints, **args).resume(requests, missing))
    assert sorted(resumed) == missing
    assert {**kept, **resumed} == dict(undisturbed)


@pytest.mark.parametrize("mode", ["plain", "tree"])
def test_a_stopped_run_forwards_little_twice(checkpoints, small_heads, mode):
    requests = scored()
    first, second = opened(checkpoints, scoring=mode), opened(checkpoints, scoring=mode)
    order = [place for place, _ in first.respond(requests)]
    dict(second.resume(requests, sorted(order[100:])))
    whole, rest = (model.report()["scoring"]["forwarded_tokens"] for model in (first, second))
    assert rest < 0.45 * whole


def test_generated_texts_are_those_of_an_undisturbed_run(checkpoints):
    rng = random.Random(2)
    requests = [Generate(text(rng, 2, 12), {"until": ["z"], "max_gen_toks": 8}) for _ in range(24)]
    whole = dict(opened(checkpoints).respond(requests))
    assert dict(opened(checkpoints).resume(requests, [3, 5, 20])) == {place: whole[place] for place in (3, 5, 20)}


def test_memory_that_runs_out_loses_and_repeats_nothing(checkpoints, small_heads, monkeypatch):
    import torch

    from proctor.models.hf.scoring.tree import TreeScorer

    requests = scored()
    model, forward, calls = opened(checkpoints, scoring="tree"), TreeScorer._forward, []

    def failing(self, pack, *rest, **named):
        calls.append(1)
        if len(calls) == 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, pack, *rest, **named)

    monkeypatch.setattr(TreeScorer, "_forward", failing)
    missing = list(range(60, 120))
    assert sorted(place for place, _ in model.resume(requests, missing)) == missing


def test_an_encoder_decoder_goes_on_too(checkpoints):
    requests = scored(30)
    undisturbed = list(opened(checkpoints, "t5").respond(requests))
    missing = sorted(place for place, _ in undisturbed[12:])
    found = dict(opened(checkpoints, "t5").resume(requests, missing))
    for place in missing:
        pairs = zip(found[place].values, dict(undisturbed)[place].values, strict=True)
        assert all(one[0] == pytest.approx(other[0], abs=1e-4) for one, other in pairs)
