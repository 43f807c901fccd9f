"""What requests come to on a model of transformers, without the model: tokens, and how many are forwarded.

Made of what a run is made of (spans, rows, plan, groups), so the numbers are a run's numbers as
long as memory sets no tighter bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from proctor.messages import prompt_text
from proctor.models.base import WarningCounter, by_kind
from proctor.models.generation import plan_generation
from proctor.models.prefix.cost import PromptCost, count_distinct, planned
from proctor.models.prefix.groups import group_prompts
from proctor.models.prefix.packs import Limits, Plan
from proctor.models.prefix.plan import make_plan
from proctor.models.prefix.rows import input_lengths, make_rows
from proctor.models.tokens.spans import SpanMaker
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.tokens.windows import last_tokens, scored_input
from proctor.types import Generate, Loglikelihood, Request, Rolling

Mode = Literal["tree", "context", "plain"]


@dataclass(frozen=True, slots=True)
class KindCounts:
    """The work of one kind of requests, and the tokens of it that are forwarded.

    ``plan``: where a plan forwards them. ``new_tokens``: the most that one request generates.
    ``longest``: tokens of the longest input.
    """

    work: PromptCost
    forwarded: int
    plan: Plan | None = None
    new_tokens: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """By kind; None where a run has no such requests."""

    scored: KindCounts | None
    rolled: KindCounts | None
    generated: KindCounts | None


def count(
    tokens: Tokens, requests: Sequence[Request], *, mode: Mode, limits: Limits, alone: bool | None = None
) -> RequestCounts:
    """Count requests, their tokens, and the tokens that are forwarded for them.

    Args:
        tokens: The model's tokenizer.
        requests: Requests of any kinds.
        mode: How continuations are scored.
        limits: What one pass may hold.
        alone: Whether prompts are generated after without shared prefixes; None: unless scored by tree.
    """
    scored, rolled, generated = by_kind(requests)
    alone = mode != "tree" if alone is None else alone
    return RequestCounts(
        count_scored(tokens, [request for _, request in scored], mode=mode, limits=limits) if scored else None,
        _count_rolled(tokens, [request for _, request in rolled]) if rolled else None,
        _count_generated(tokens, [request for _, request in generated], alone=alone) if generated else None,
    )


def count_scored(tokens: Tokens, requests: Sequence[Loglikelihood], *, mode: Mode, limits: Limits) -> KindCounts:
    """Continuations after contexts."""
    spans, _ = SpanMaker(tokens, WarningCounter(warned={"loglikelihood", "empty_continuations"})).scored(requests)
    causal = tokens.backend == "causal"
    rows = make_rows(spans, share=causal)
    if not causal:
        lengths = [min(len(span.context), tokens.scored_length) + span.count for span in spans]
        return KindCounts(PromptCost(len(spans), sum(lengths)), sum(lengths))
    inputs = [scored_input(row.lead.tokens, tokens.scored_length) for row in rows]
    lengths = input_lengths(rows, tokens.scored_length)
    longest = max(lengths, default=0)
    if mode == "plain":
        return KindCounts(
            PromptCost(len(lengths), sum(lengths), count_distinct(inputs)), sum(map(len, inputs)), longest=longest
        )
    keys: dict[bytes, int] = {}
    groups = [keys.setdefault(row.lead.context.tobytes(), len(keys)) for row in rows] if mode == "context" else None
    plan = make_plan(inputs, [row.lead.count for row in rows], limits, groups=groups)
    return KindCounts(planned(plan, lengths), plan.tokens, plan, longest=longest)


def _count_rolled(tokens: Tokens, requests: Sequence[Rolling]) -> KindCounts:
    spans, _ = SpanMaker(tokens, WarningCounter()).rolled(requests)
    total = sum(len(span.context) + span.count - 1 for span in spans)
    return KindCounts(PromptCost(len(requests), total), total)


def _count_generated(tokens: Tokens, requests: Sequence[Generate], *, alone: bool) -> KindCounts:
    prompts = tokens.encode_prompts([prompt_text(request.prompt) for request in requests])
    longest = max(plan_generation(request.kwargs).max_tokens for request in requests)
    room = max(1, tokens.max_length - (longest if tokens.backend == "causal" else 0))
    inputs = [np.array(last_tokens(prompt, room), dtype=np.int32) for prompt in prompts]
    work = PromptCost(len(inputs), sum(map(len, inputs)), count_distinct(inputs))
    most = max(map(len, inputs), default=0)
    if alone or tokens.backend != "causal":
        return KindCounts(work, work.tokens, new_tokens=longest, longest=most)
    forwarded = 0
    for group in group_prompts([one.tolist() for one in inputs]):
        forwarded += group.prefix + sum(len(inputs[member]) - group.prefix for member in group.members)
    return KindCounts(work, forwarded, new_tokens=longest, longest=most)
