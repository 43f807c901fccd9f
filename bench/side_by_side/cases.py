"""What is measured: models by their shape, cases by their tasks, and how many documents each gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    """A Llama of random weights. ``vocabulary`` None: the tokenizer's size."""

    name: str
    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int | None = None
    dtype: str = "float32"
    tied: bool = True
    rope_theta: float = 10000.0

    @property
    def body(self) -> int:
        """Parameters that every token meets: all but the embeddings and the head."""
        head = self.hidden // self.heads
        attention = 2 * self.hidden * self.hidden + 2 * self.hidden * head * self.kv_heads
        return self.layers * (attention + 3 * self.hidden * self.inner)


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("1m", hidden=128, inner=344, layers=5, heads=4, kv_heads=4),
        # The shapes of the public 15M and 110M Llama checkpoints, with their vocabulary of 32,000.
        Shape("15m", hidden=288, inner=768, layers=6, heads=6, kv_heads=6, vocabulary=32_000),
        Shape("110m", hidden=768, inner=2048, layers=12, heads=12, kv_heads=12, vocabulary=32_000),
        Shape("15m-128k", hidden=288, inner=768, layers=6, heads=6, kv_heads=6, vocabulary=128_256),
    )
}

GPU_SHAPES = {
    shape.name: shape
    for shape in (
        Shape("tiny", 64, 128, 2, 4, 2, vocabulary=4096, dtype="bfloat16"),
        Shape("1b", 2048, 8192, 16, 32, 8, vocabulary=128_256, dtype="bfloat16", rope_theta=500_000.0),
        Shape("8b", 4096, 14336, 32, 32, 8, vocabulary=128_256, dtype="bfloat16", tied=False, rope_theta=500_000.0),
    )
}


@dataclass(frozen=True)
class Case:
    """Some tasks with a number of examples. ``limit``: documents a task for the 15M model.

    ``limits`` says otherwise for single models; the rest is scaled to about equal time.
    """

    name: str
    tasks: tuple[str, ...]
    limit: int
    title: str
    shots: int | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    generates: bool = False
    only_named: bool = False

    def documents(self, model: str) -> int:
        """The limit a task for ``model``."""
        return self.limits.get(model) or max(2, round(self.limit * SCALE.get(model, 1.0)))


SCALE = {"1m": 4.0, "110m": 0.15, "1b": 4.0, "8b": 1.0}
"""Documents in proportion to those of the 15M model."""

SUBJECTS = ("mmlu_anatomy", "mmlu_marketing", "mmlu_management", "mmlu_human_aging")
# The 110M model gets one subject, but at least 50 questions of it: sharing shows only with many.
CASES = {
    case.name: case
    for case in (
        Case("mmlu", SUBJECTS, 50, "MMLU 5-shot, four subjects", 5, {"1m": 100}),
        Case("mmlu-subject", SUBJECTS[1:2], 50, "MMLU 5-shot, one subject", 5, {"1m": 200, "110m": 50}),
        Case("hellaswag", ("hellaswag",), 200, "HellaSwag 0-shot", 0, {"110m": 80, "8b": 200}),
        Case("hellaswag-10", ("hellaswag",), 25, "HellaSwag 10-shot, random shots", 10),
        Case("arc-25", ("bench_arc_fixed",), 100, "ARC-like 25-shot, fixed shots", 25, {"110m": 12}),
        Case("winogrande", ("winogrande",), 200, "WinoGrande 5-shot", 5),
        Case("lambada", ("lambada_openai",), 300, "LAMBADA", 0, {"1m": 500}),
        Case("gsm8k", ("bench_gsm8k_fixed",), 16, "GSM8K 8-shot, fixed shots, generation", 8, generates=True),
        Case("gsm8k-random", ("gsm8k",), 16, "GSM8K 8-shot, random shots, generation", 8, generates=True),
        Case("mmlu-whole", ("mmlu",), 50, "MMLU 5-shot, all subjects", 5, {"1m": 50, "110m": 50}, only_named=True),
    )
}
"""``only_named`` cases take many minutes and run only when they are asked for."""
