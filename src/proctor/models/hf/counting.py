"""What requests come to on a model of transformers, without the model: tokens, and how many are forwarded.

Made of what a run is made of (spans, rows, plan, groups), so the numbers are a run's numbers as
long as memory sets no tighter bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from proctor.models.base import Tally, by_kind
from proctor.models.generation import plan_generation
from proctor.models.hf.rows import input_lengths, make_rows
from proctor.models.hf.spans import SpanMaker
from proctor.models.prefix import Limits, Plan, make_plan
from proctor.models.sharing import group_prompts
from proctor.models.tokens import Tokens
from proctor.models.work import Work, count_distinct, planned
from proctor.types import Generate, Loglikelihood, Request, Rolling

Mode = Literal["tree", "context", "plain"]


@dataclass(frozen=True, slots=True)
class Counted:
    """The work of one kind of requests, and the tokens of it that are forwarded.

    ``plan``: where a plan forwards them. ``new_tokens``: the most that one request generates.
    ``longest``: tokens of the longest input.
    """

    work: Work
    forwarded: int
    plan: Plan | None = None
    new_tokens: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """By kind; None where a run has no such requests."""

    scored: Counted | None
    rolled: Counted | None
    generated: Counted | None


def count(
    tokens: Tokens, requests: Sequence[Request], *, mode: Mode, limits: Limits, alone: bool | None = None
) -> Counts:
    """Count everything, scored by ``mode`` in passes of ``limits``.

    ``alone``: whether prompts are generated after without shared prefixes; None: unless scored by tree.
    """
    scored, rolled, generated = by_kind(requests)
    alone = mode != "tree" if alone is None else alone
    return Counts(
        count_scored(tokens, [request for _, request in scored], mode=mode, limits=limits) if scored else None,
        _count_rolled(tokens, [request for _, request in rolled]) if rolled else None,
        _count_generated(tokens, [request for _, request in generated], alone=alone) if generated else None,
    )


def count_scored(tokens: Tokens, requests: Sequence[Loglikelihood], *, mode: Mode, limits: Limits) -> Counted:
    """Continuations after contexts."""
    spans, _ = SpanMaker(tokens, Tally(warned={"loglikelihood", "empty_continuations"})).scored(requests)
    causal = tokens.backend == "causal"
    rows = make_rows(spans, share=causal)
    if not causal:
        lengths = [min(len(span.context), tokens.max_length) + span.count for span in spans]
        return Counted(Work(len(spans), sum(lengths)), sum(lengths))
    inputs = [row.lead.tokens[-(tokens.max_length + 1) :][:-1] for row in rows]
    lengths = input_lengths(rows, tokens.max_length)
    longest = max(lengths, default=0)
    if mode == "plain":
        return Counted(Work(len(lengths), sum(lengths), count_distinct(inputs)), sum(map(len, inputs)), longest=longest)
    keys: dict[bytes, int] = {}
    groups = [keys.setdefault(row.lead.context.tobytes(), len(keys)) for row in rows] if mode == "context" else None
    plan = make_plan(inputs, [row.lead.count for row in rows], limits, groups=groups)
    return Counted(planned(plan, lengths), plan.tokens, plan, longest=longest)


def _count_rolled(tokens: Tokens, requests: Sequence[Rolling]) -> Counted:
    spans, _ = SpanMaker(tokens, Tally()).rolled(requests)
    total = sum(len(span.context) + span.count - 1 for span in spans)
    return Counted(Work(len(requests), total), total)


def _count_generated(tokens: Tokens, requests: Sequence[Generate], *, alone: bool) -> Counted:
    prompts = tokens.encode_prompts([request.prompt for request in requests])
    longest = max(plan_generation(request.kwargs).max_tokens for request in requests)
    room = max(1, tokens.max_length - (longest if tokens.backend == "causal" else 0))
    inputs = [np.array(prompt[-room:], dtype=np.int32) for prompt in prompts]
    work = Work(len(inputs), sum(map(len, inputs)), count_distinct(inputs))
    most = max(map(len, inputs), default=0)
    if alone or tokens.backend != "causal":
        return Counted(work, work.tokens, new_tokens=longest, longest=most)
    forwarded = 0
    for group in group_prompts([one.tolist() for one in inputs]):
        forwarded += group.prefix + sum(len(inputs[member]) - group.prefix for member in group.members)
    return Counted(work, forwarded, new_tokens=longest, longest=most)
