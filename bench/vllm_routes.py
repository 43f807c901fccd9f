#!/usr/bin/env python3
"""What vLLM computes for the options of multiple choice: by proctor's routes, and in lm-eval's way.

    make engines ENGINES=vllm
    OMP_NUM_THREADS=1 VLLM_CPU_KVCACHE_SPACE=1 .venv-engines/vllm/bin/python bench/vllm_routes.py

One engine, in one process, scores the same requests both ways, with its prefix cache emptied before each. Counted are
CPU seconds of the process and the tokens of prompts that were computed; the comparison of a route with lm-eval's way,
which proctor makes once an engine, is part of its figures. lm-eval's way is one request an option with the
log-probabilities of all prompt tokens, longest first; that lm-eval then copies each of them is left out. Compared are
all log-probabilities, the greedy flags and the best option of each document.

Data comes from hub/ in $PROCTOR_SHARED (else ../shared); models are Llamas with random weights of two sizes (1.25M and
27M parameters) and the tokenizer of the bundled model. Exit status: 0, or 1 where a prediction or a flag changed, a
score is further apart than 1e-4, or a target is missed.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOKENIZER = ROOT / "src" / "proctor" / "benchmarks" / "demo" / "model"
SHAPES: Mapping[str, Mapping[str, int]] = {
    "1m": {"hidden_size": 128, "intermediate_size": 344, "num_hidden_layers": 4, "num_attention_heads": 4},
    "27m": {"hidden_size": 512, "intermediate_size": 1376, "num_hidden_layers": 8, "num_attention_heads": 8},
}
LIMIT, BLOCK = 2048, 32


@dataclass(frozen=True)
class Case:
    """Documents, a model, and how many times less the routes must cost at least."""

    name: str
    tasks: tuple[str, ...]
    shots: int
    documents: int
    shape: str
    cpu: float
    tokens: float


CASES = (
    Case("MMLU, 5 examples, letters", ("mmlu_anatomy", "mmlu_astronomy"), 5, 20, "1m", 10, 10),
    Case("MMLU, 5 examples, letters", ("mmlu_anatomy", "mmlu_astronomy"), 5, 10, "27m", 10, 10),
    Case("HellaSwag, 10 examples", ("hellaswag",), 10, 16, "27m", 3, 3),
    Case("HellaSwag, no examples", ("hellaswag",), 0, 40, "27m", 1.25, 1.25),
    Case("HellaSwag, no examples", ("hellaswag",), 0, 40, "1m", 1, 1.25),
)


@dataclass(frozen=True)
class Measured:
    """One way of scoring: what it cost and what came of it."""

    cpu: float
    tokens: int
    scores: tuple[tuple[float, bool], ...]


def main() -> int:
    """Measure every case, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--shapes", nargs="+", choices=tuple(SHAPES), default=list(SHAPES), help="models (default: all)"
    )
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement; the least CPU time counts (3)")
    options = parser.parse_args()
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.chdir(Path(os.environ.get("PROCTOR_SHARED") or ROOT.parent / "shared") / "hub")
    missed = 0
    print(
        f"{'case':<27}{'model':>6}{'options':>9}{'tokens':>16}{'ratio':>7}{'CPU s':>16}{'ratio':>7}{'difference':>12}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for shape in options.shapes:
            for case, before, after in measure(shape, Path(folder), options.repeats):
                missed += show(case, before, after)
    return int(missed > 0)


def measure(shape: str, folder: Path, repeats: int) -> Iterator[tuple[Case, Measured, Measured]]:
    """Each case of a shape: lm-eval's way, and the routes."""
    from proctor.models import open_model

    place = build(shape, folder / shape)
    args = {"pretrained": str(place), "dtype": "float32", "max_model_len": LIMIT, "enforce_eager": True}
    model: Any = open_model("vllm", {**args, "block_size": BLOCK})
    inner = model.started()
    try:
        for case in CASES:
            if case.shape == shape:
                spans, _ = inner._spans.scored(requests_of(case))
                ways = [(plain(inner._engine, spans), routes(inner._engine, spans)) for _ in range(repeats)]
                yield case, *(min(way, key=lambda one: one.cpu) for way in zip(*ways, strict=True))
    finally:
        model.close()


def build(shape: str, folder: Path) -> Path:
    """A Llama with random weights."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(TOKENIZER)
    heads = {"num_key_value_heads": SHAPES[shape]["num_attention_heads"]}
    config = LlamaConfig(vocab_size=4096, max_position_embeddings=LIMIT, **SHAPES[shape], **heads)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def requests_of(case: Case) -> Sequence[Any]:
    """The requests of a case's documents, as a run makes them."""
    import proctor

    recorder = Recorder()
    per_task = case.documents // len(case.tasks)
    proctor.evaluate(model=recorder, tasks=list(case.tasks), num_fewshot=case.shots, limit=per_task)
    return recorder.requests


class Recorder:
    """A model that remembers its requests."""

    name = "recorder"
    identity = None
    info: Mapping[str, Any] = {}

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def respond(self, requests: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        from proctor.types import Scores

        self.requests.extend(requests)
        for index, request in enumerate(requests):
            yield index, Scores(tuple((-1.0, False) for _ in request.continuations))

    def render(self, messages: Any, **_: Any) -> str:
        return str(messages)

    def chat_template(self, name: str | bool) -> str:
        return ""

    def report(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        return None


def plain(engine: Any, spans: Sequence[Any]) -> Measured:
    """lm-eval's way: every option with its whole context and all rows, longest first, in one call."""
    from proctor.models.vllm.engine import EngineRequest
    from proctor.models.vllm.plan import unique, whole

    engine.forget()
    gc.collect()
    began, computed = time.process_time(), engine.tokens.computed
    order = sorted(spans, key=lambda span: -len(span.tokens))
    requests = [whole(0, unique([span], LIMIT - 1)[0]) for span in order]
    outputs = engine.generate([EngineRequest(request.prompt, request.settings) for request in requests])
    scores = [(0.0, False)] * len(spans)
    for span, request, output in zip(order, requests, outputs, strict=True):
        [score] = request.read(output)
        scores[span.owner] = (score.logprob, score.greedy)
    return Measured(time.process_time() - began, engine.tokens.computed - computed, tuple(scores))


def routes(engine: Any, spans: Sequence[Any]) -> Measured:
    """The routes of proctor, their probes included."""
    from proctor.models.vllm.scoring import Scorer

    engine.forget()
    gc.collect()
    began, computed = time.process_time(), engine.tokens.computed
    scores = [(0.0, False)] * len(spans)
    for score in Scorer(engine, limit=LIMIT - 1, dtype="float32", scoring="auto").score(spans):
        scores[score.owner] = (score.logprob, score.greedy)
    return Measured(time.process_time() - began, engine.tokens.computed - computed, tuple(scores))


def show(case: Case, before: Measured, after: Measured) -> bool:
    """Print a row; whether something in it is not as it must be."""
    pairs = list(zip(before.scores, after.scores, strict=True))
    difference = max(abs(one[0] - other[0]) for one, other in pairs)
    flags = sum(one[1] != other[1] for one, other in pairs)
    changed = sum(best(before.scores[at : at + 4]) != best(after.scores[at : at + 4]) for at in range(0, len(pairs), 4))
    tokens, cpu = before.tokens / after.tokens, before.cpu / after.cpu
    print(
        f"{case.name:<27}{case.shape:>6}{len(pairs):>9}{before.tokens:>9,}{after.tokens:>7,}{tokens:>6.1f}x"
        f"{before.cpu:>9.2f}{after.cpu:>7.2f}{cpu:>6.1f}x{difference:>12.1e}",
        flush=True,
    )
    wrong = difference > 1e-4 or flags or changed
    if wrong:
        print(f"  {flags} greedy flags and {changed} predictions changed")
    if tokens < case.tokens or cpu < case.cpu:
        print(f"  missed: at least {case.tokens}x fewer tokens and {case.cpu}x less CPU were wanted")
        wrong = True
    return bool(wrong)


def best(scores: Sequence[tuple[float, bool]]) -> int:
    """The option with the highest score."""
    return max(range(len(scores)), key=lambda place: scores[place][0])


if __name__ == "__main__":
    sys.exit(main())
