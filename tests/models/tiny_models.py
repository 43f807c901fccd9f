"""The tiny checkpoints of conftest.py: opened, asked, and scored as a textbook would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import proctor
from proctor.models import open_model
from proctor.types import Loglikelihood

MODEL = Path(proctor.__file__).parent / "benchmarks" / "demo" / "model"
"""The model that is bundled."""

REQUESTS = [
    Loglikelihood("question: what is the capital of korea? answer:", (" seoul", " a", " b", " the lazy dog")),
    Loglikelihood("the quick brown", (" fox", " fox jumps over")),
    Loglikelihood("", ("the lazy dog", "fox")),
    Loglikelihood("정답: ", ("서울", "서울이다.")),
    Loglikelihood("long " * 80, (" dog", " the lazy dog")),
    Loglikelihood("<s>the", (" fox",)),
    Loglikelihood("nothing to choose", ()),
]


def open_tiny(folder, **options):
    args = {"pretrained": str(folder), "dtype": options.pop("dtype", "float32"), **options.pop("args", {})}
    return open_model("hf", args, device="cpu", **options)


def textbook(model, context: str, continuation: str) -> tuple[float, bool]:
    left, right = model.tokens.encode_pair(context, continuation)
    ids = [*left, *right][-(model.tokens.max_length + 1) :]
    with torch.no_grad():
        logprobs = model.module(torch.tensor([ids[:-1]])).logits[0].float().log_softmax(-1)[-len(right) :]
    target = torch.tensor(right)
    picked = logprobs.gather(1, target[:, None]).sum().item()
    return picked, bool((logprobs.argmax(-1) == target).all())


def close(left, right):
    for (one, greedy), (other, also) in zip(left, right, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
        assert greedy == also


def open_lazily(folder, *, device="cpu", batch_size=1, **args):
    """A model that reads its weights when it is first asked something."""
    pretrained = str(folder) if isinstance(folder, Path) else folder
    args = {"pretrained": pretrained, "dtype": "float32", **args}
    return open_model("hf", args, device=device, batch_size=batch_size, lazily=True)


def identity(folder, **args):
    return open_lazily(folder, **args).identity


def open_with(folder, **args):
    return open_model("hf", {"pretrained": str(folder), "dtype": "float32", **args}, device="cpu")


def edit(file, **changes):
    """Changes keys of a JSON file."""
    settings = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**settings, **changes}), encoding="utf-8")
