"""A running vLLM engine as :class:`proctor.models.protocols.Model`: requests in, responses out."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proctor.errors import ModelError, UsageError
from proctor.messages import prompt_text
from proctor.models.base import BatchSize, WarningCounter, by_kind
from proctor.models.generation import GenerationPlan
from proctor.models.scored_requests import RolledRequests, ScoredRequests
from proctor.models.tokens.spans import SpanMaker
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.vllm.arguments import VllmArguments
from proctor.models.vllm.engine import Engine, EngineRefusal, EngineRequest
from proctor.models.vllm.sampling import Sampler
from proctor.models.vllm.scoring import CALL, Scorer, SpanScore
from proctor.types import Generate, Loglikelihood, Refusal, Request, Response, Rolling

log = logging.getLogger("proctor")

TRUNCATIONS = ("loglikelihood", "long_continuations", "generate")
"""Counts of truncations; the others are worth knowing."""


class VllmModel:
    """An engine with its tokenizer; made by :class:`proctor.models.vllm.lazy.LazyVllm`."""

    def __init__(self, engine: Engine, tokens: Tokens, arguments: VllmArguments, size: BatchSize) -> None:
        self.tokens = tokens
        self._engine: Engine | None = engine
        self._arguments = arguments
        self._size = size
        self._counter = WarningCounter()
        self._spans = SpanMaker(tokens, self._counter)
        self._sampler = Sampler(arguments, tokens, tokens.max_length)
        rows = None if size.auto else size.rows
        self._rows = rows or CALL
        self.dtype = str(engine.fact("model_config", "dtype") or arguments.dtype).removeprefix("torch.")
        self._scorer = Scorer(
            engine, limit=tokens.scored_length + 1, dtype=self.dtype, scoring=arguments.scoring, rows=rows
        )
        self._generation: dict[str, int] = {}

    def close(self) -> None:
        """End the engine."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def report(self) -> Mapping[str, Any]:
        """What happened while it responded."""
        counts = self._counter.counts
        return {
            "truncated": {kind: count for kind, count in counts.items() if kind in TRUNCATIONS},
            "unusual": {kind: count for kind, count in counts.items() if kind not in TRUNCATIONS},
            "batch_sizes": [],
            "scoring": dict(self._scorer.facts),
            "generation": dict(self._generation),
        }

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer kind by kind: continuations, whole texts, generation."""
        if self._engine is None:
            raise ModelError("This model is closed.")
        scored, rolled, generated = by_kind(requests)
        if scored and self._arguments.enable_thinking:
            raise UsageError(
                "enable_thinking=True does not go with tasks that are scored by log-likelihood.",
                hint="Use generative tasks only, or leave enable_thinking out.",
            )
        yield from self._respond_scored(scored)
        yield from self._respond_rolled(rolled)
        yield from self._respond_generated(generated)

    def _respond_scored(self, requests: Sequence[tuple[int, Loglikelihood]]) -> Iterator[tuple[int, Response]]:
        spans, waiting = self._spans.scored(request for _, request in requests)
        found = ScoredRequests(requests, waiting, spans=spans)
        yield from found.ready()
        refused: set[int] = set()
        for score in self._scorer.score(spans):
            index = requests[found.owners[score.owner]][0]
            if score.refused is None:
                yield from found.add(score.owner, self._number(score), score.greedy)
            elif index not in refused:
                # Its span stays open, so that no other response comes for it.
                refused.add(index)
                yield index, Refusal(score.refused)

    def _respond_rolled(self, requests: Sequence[tuple[int, Rolling]]) -> Iterator[tuple[int, Response]]:
        spans, places = self._spans.rolled(request for _, request in requests)
        found = RolledRequests(requests, places)
        yield from found.ready()
        refused: set[int] = set()
        for score in self._scorer.score(spans, share=False):
            index = requests[places[score.owner]][0]
            if score.refused is None:
                yield from found.add(score.owner, self._number(score))
            elif index not in refused:
                refused.add(index)
                yield index, Refusal(score.refused)

    def _number(self, score: SpanScore) -> float:
        if math.isnan(score.logprob):
            self._counter.note("not_a_number", "The model returned NaN for a log-likelihood.")
        return score.logprob

    def _respond_generated(self, requests: Sequence[tuple[int, Generate]]) -> Iterator[tuple[int, Response]]:
        """Prompts in the order of a prefix tree, whatever their arguments: each request has its own."""
        assert self._engine is not None
        plans = [self._sampler.plan(request) for _, request in requests]
        distinct: dict[str, dict[str, Any]] = {}
        settings = [distinct.setdefault(repr(plan), self._sampler.settings(plan)) for plan in plans]
        for one in distinct.values():
            self._engine.params(one)
        encoded = self.tokens.encode_many([prompt_text(request.prompt) for _, request in requests])
        prompts = [self._fit(ids, plan) for ids, plan in zip(encoded, plans, strict=True)]
        order = sorted(range(len(requests)), key=lambda place: prompts[place])
        for start in range(0, len(order), self._rows):
            places = order[start : start + self._rows]
            outputs = self._engine.generate([EngineRequest(prompts[place], settings[place]) for place in places])
            refused = {output.why for output in outputs if isinstance(output, EngineRefusal)}
            if len(refused) == 1 < len(outputs) and all(isinstance(output, EngineRefusal) for output in outputs):
                # For one and the same reason: it lies in the arguments, and not in a prompt.
                raise ModelError(f"vLLM refuses every request: {refused.pop()}")
            for place, output in zip(places, outputs, strict=True):
                yield requests[place][0], self._text(output, plans[place])

    def _fit(self, ids: Sequence[int], plan: GenerationPlan) -> list[int]:
        prompt = self._sampler.fit(ids, plan)
        if len(prompt) < len(ids):
            self._counter.note(
                "generate",
                f"A prompt of {len(ids)} tokens leaves no room for {plan.max_tokens} more (limit "
                f"{self.tokens.max_length}): it is truncated (truncation_side={self._arguments.truncation_side}). "
                "All such cases are counted in the results.",
            )
        return prompt

    def _text(self, output: Any, plan: GenerationPlan) -> Response:
        if isinstance(output, EngineRefusal):
            return Refusal(f"vLLM refused it: {output.why}")
        text = self._sampler.text(output, plan)
        facts = self._generation
        facts["requests"] = facts.get("requests", 0) + 1
        if text.usage is not None:
            cached = text.usage.cached
            facts["forwarded_tokens"] = facts.get("forwarded_tokens", 0) + text.usage.prompt - cached + text.usage.new
            facts["cached_tokens"] = facts.get("cached_tokens", 0) + cached
        return text
