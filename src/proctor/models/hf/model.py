"""A loaded transformers model as :class:`proctor.models.protocols.Model`: requests in, responses out."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

import torch

from proctor.errors import ModelError, UsageError
from proctor.messages import prompt_text
from proctor.models.base import BatchSize, Budget, WarningCounter, by_kind
from proctor.models.generation import GenerationPlan, plan_generation
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.decoding.generate import Generator, Prompt
from proctor.models.hf.device import free_caches, make_budget, run_batches, sizes_of
from proctor.models.hf.memory import bytes_per_cached_token, bytes_per_head_row, bytes_per_token
from proctor.models.hf.scoring.row_scorer import RowScorer, SpanScore
from proctor.models.hf.scoring.scoring_gate import ScoringDecision, announce, decide
from proctor.models.hf.scoring.token_rows import token_rows
from proctor.models.hf.scoring.tree import TreeScorer
from proctor.models.hf.vocabulary import Vocabulary
from proctor.models.prefix.cost import many, planned
from proctor.models.prefix.packs import Limits, Plan
from proctor.models.prefix.plan import pass_tokens
from proctor.models.prefix.rows import Row, Span, input_lengths, make_rows
from proctor.models.protocols import TokenScores
from proctor.models.scored_requests import RolledRequests, ScoredRequests
from proctor.models.tokens.spans import SpanMaker
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.tokens.windows import last_tokens
from proctor.types import Generate, Loglikelihood, Request, Response, Rolling, Text

log = logging.getLogger("proctor")

TRUNCATIONS = ("loglikelihood", "long_continuations", "generate")
"""Counts of truncations; the others are worth knowing."""


class HfModel:
    """Tokenizer, module and batch size; made by :func:`proctor.models.hf.load.load.load_model`."""

    def __init__(
        self,
        module: Any,
        tokens: Tokens,
        arguments: HfArguments,
        *,
        device: torch.device,
        batch_size: BatchSize,
        info: Mapping[str, Any],
        softmax_dtype: torch.dtype | None = None,
        autocast: torch.dtype | None = None,
    ) -> None:
        self.name = arguments.source
        self.tokens = tokens
        self.module: Any = module
        self._arguments = arguments
        self._device = device
        self._size = batch_size
        self._info = dict(info)
        self._counter = WarningCounter()
        self._spans = SpanMaker(tokens, self._counter)
        self._batches: dict[str, list[int]] = {}
        self._scoring: dict[str, Any] = {}
        self._scorer = RowScorer(
            module,
            device,
            backend=tokens.backend,
            max_length=tokens.max_length,
            softmax_dtype=softmax_dtype,
            autocast=autocast,
            from_first=arguments.logits_cache == "lm_eval",
            encode_once=arguments.scoring != "plain" and not arguments.batch_invariant,
        )
        self._vocabulary = Vocabulary(module, tokens.tokenizer)
        self._generator = Generator(
            module,
            tokens,
            device,
            pad=self._vocabulary.pad(),
            autocast=autocast,
            think_end_token=arguments.think_end_token,
        )

    @property
    def identity(self) -> Mapping[str, Any] | None:
        """None: whoever holds the module may have changed it. :class:`~proctor.models.hf.lazy.LazyHf` has one."""
        return None

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts for the results file."""
        return self._info

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template; ``template`` names one of several."""
        return self.tokens.render(messages, add_generation_prompt=add_generation_prompt, template=template)

    def chat_template(self, name: str | bool) -> str:
        """The text of the chat template in use."""
        return self.tokens.chat_template(name)

    def close(self) -> None:
        """Free the weights."""
        self.module = self._scorer.module = self._generator.module = None
        self._scorer.head = self._scorer.encoder = None
        free_caches()

    def report(self) -> Mapping[str, Any]:
        """What happened while it responded."""
        counts = self._counter.counts
        return {
            "truncated": {kind: count for kind, count in counts.items() if kind in TRUNCATIONS},
            "unusual": {kind: count for kind, count in counts.items() if kind not in TRUNCATIONS},
            "batch_sizes": self._size.reported(self._batches.values()),
            "scoring": {**self._scoring, **self._scorer.encoder_facts},
            "generation": dict(self._generator.facts),
        }

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer kind by kind: continuations, whole texts, generation."""
        return self.resume(requests, range(len(requests)))

    def resume(self, requests: Sequence[Request], missing: Sequence[int]) -> Iterator[tuple[int, Response]]:
        """Answer those at ``missing``, with the same numbers that they would have got among all requests."""
        if self.module is None:
            raise ModelError("This model is closed.")
        left = None if len(missing) == len(requests) else frozenset(missing)
        scored, rolled, generated = by_kind(requests)
        if left is not None:
            scored = scored if any(index in left for index, _ in scored) else []
            rolled = rolled if any(index in left for index, _ in rolled) else []
            generated = [one for one in generated if one[0] in left]
        if scored and self._arguments.enable_thinking:
            raise UsageError(
                "enable_thinking=True does not go with tasks that are scored by log-likelihood.",
                hint="Use generative tasks only, or leave enable_thinking out.",
            )
        yield from self._respond_scored(scored, left)
        yield from self._respond_rolled(rolled, left)
        yield from self._respond_generated(generated)

    def _respond_scored(
        self, requests: Sequence[tuple[int, Loglikelihood]], left: frozenset[int] | None
    ) -> Iterator[tuple[int, Response]]:
        """The responses to continuations."""
        spans, waiting = self._spans.scored(request for _, request in requests)
        responses = ScoredRequests(requests, waiting, left, spans)
        self._vocabulary.check_spans(spans, [requests[place][0] for place in responses.owners])
        yield from responses.ready()
        for result in self._score(spans, "loglikelihood", None if left is None else responses.wanted):
            yield from responses.add(result.owner, result.logprob, result.greedy)

    def _respond_rolled(
        self, requests: Sequence[tuple[int, Rolling]], left: frozenset[int] | None
    ) -> Iterator[tuple[int, Response]]:
        spans, places = self._spans.rolled(request for _, request in requests)
        self._vocabulary.check_spans(spans, [requests[place][0] for place in places])
        responses = RolledRequests(requests, places, left)
        yield from responses.ready()
        for result in self._score(spans, "rolling", None if left is None else responses.wanted):
            yield from responses.add(result.owner, result.logprob)

    def token_scores(self, texts: Sequence[str]) -> Iterator[TokenScores]:
        """The tokens of each text, text by text (:class:`~proctor.models.protocols.TokenScoringModel`)."""
        if self.module is None:
            raise ModelError("This model is closed.")
        spans, places = self._spans.rolled(Rolling(text) for text in texts)
        self._vocabulary.check_spans(spans, places)
        yield from token_rows(self._scorer, spans, places, len(texts))

    def _score(self, spans: Sequence[Span], kind: str, wanted: Sequence[bool] | None) -> Iterator[SpanScore]:
        """The scores of spans; ``asked``: per owner, whether anybody wants to know."""
        share = self.tokens.backend == "causal" and bool(self._arguments.logits_cache)
        # lm-eval: the windows of whole texts meet within a batch only.
        apart = kind == "rolling" and self._arguments.logits_cache == "lm_eval"
        rows = make_rows(spans, share=share, within=self._size.rows if apart else None)
        if not rows:
            return
        decision = self._decide(rows, kind)
        missing = None if wanted is None else [any(wanted[span.owner] for span in row.spans) for row in rows]
        if decision.mode == "plain":
            results = self._plain(rows, kind, missing)
        else:
            results = self._shared(rows, kind, decision, missing)
        for result in results:
            if math.isnan(result.logprob):
                self._counter.note("not_a_number", "The model returned NaN for a log-likelihood.")
            yield result

    def _decide(self, rows: Sequence[Row], kind: str) -> ScoringDecision:
        """How these rows are scored; said and reported for the requests of tasks, not for rolling windows."""
        wanted = self._arguments.scoring
        if kind == "rolling":
            return ScoringDecision("plain", "windows of texts share nothing")
        if not self._arguments.logits_cache and wanted == "auto":
            return ScoringDecision("plain", "logits_cache=False")
        if self._arguments.batch_invariant and wanted == "auto":
            wanted = "context"
        decision = decide(self._scorer, rows, wanted)
        if wanted in ("tree", "context") and decision.mode != wanted:
            raise ModelError(
                f"scoring={wanted} is not exact on this model: {decision.reason}.", hint="Use scoring=auto."
            )
        self._scoring.update(decision.facts())
        if wanted == "auto":
            announce(decision, self._scorer, rows)
        return decision

    def _plain(self, rows: Sequence[Row], kind: str, missing: Sequence[bool] | None) -> Iterator[SpanScore]:
        widths = [self._scorer.width(row) for row in rows]
        heads = [row.lead.count for row in rows]
        sizes = self._batches.setdefault(kind, [])
        self._count(sum(widths if missing is None else itertools.compress(widths, missing)), None)
        budget = self._budget(widths[0])
        if self._arguments.batch_invariant:
            # Padding beside a longer row moves the last bits, of the windows of whole texts, too.
            budget = replace(budget, rows=1)
        return run_batches(rows, widths, heads, budget, self._scorer, sizes, missing)

    def _shared(
        self, rows: Sequence[Row], kind: str, decision: ScoringDecision, missing: Sequence[bool] | None
    ) -> Iterator[SpanScore]:
        invariant = self._arguments.batch_invariant
        tokens = self._arguments.pass_tokens or pass_tokens(self._device.type)
        longest = self._budget(self._scorer.width(rows[0])).tokens
        limits = Limits(min(tokens, longest), 1 if invariant else self._size.rows, max(longest, 1))
        lengths = input_lengths(rows, self.tokens.max_length)

        def say(plan: Plan) -> None:
            log.info("%s.", planned(plan, lengths))

        head_rows = 1 if invariant else sizes_of(self._device).head_rows
        mode = "context" if decision.mode == "context" else "tree"
        scorer = TreeScorer(self._scorer, limits, mode, form=decision.form, head_rows=head_rows, on_plan=say)
        yield from scorer(rows, missing)
        self._batches.setdefault(kind, []).extend(scorer.sizes)
        self._count(scorer.forwarded, scorer.distinct)
        log.info(
            "Scoring done: %s tokens forwarded; one row a context, with nothing shared, would take %s.",
            *(many(scorer.forwarded), many(sum(map(self._scorer.width, rows)))),
        )

    def _count(self, forwarded: int, distinct: int | None) -> None:
        self._scoring["forwarded_tokens"] = self._scoring.get("forwarded_tokens", 0) + forwarded
        if distinct is not None:
            self._scoring["distinct_prefixes"] = self._scoring.get("distinct_prefixes", 0) + distinct

    def _budget(self, width: int) -> Budget:
        return make_budget(
            self._size,
            self._device,
            bytes_per_token=bytes_per_token(self.module, width),
            bytes_per_head=bytes_per_head_row(self.module),
        )

    def _respond_generated(self, requests: Sequence[tuple[int, Generate]]) -> Iterator[tuple[int, Response]]:
        """Batches of one set of arguments, longest prompts first."""
        eos = self.tokens.eot_text
        groups: dict[str, tuple[GenerationPlan, list[int]]] = {}
        for place, (_, request) in enumerate(requests):
            plan = plan_generation(request.kwargs, eos=eos)
            groups.setdefault(repr(plan), (plan, []))[1].append(place)
        for plan, _ in groups.values():
            self._generator.room(plan)
        for plan, places in groups.values():
            texts = [prompt_text(requests[place][1].prompt) for place in places]
            for place, text in self._generate(texts, plan, [requests[place][0] for place in places]):
                if text.has_nan:
                    self._counter.note("not_a_number", "The model's logits were NaN while it generated a text.")
                yield requests[places[place]][0], text

    def _generate(
        self, texts: Sequence[str], plan: GenerationPlan, requests: Sequence[int]
    ) -> Iterator[tuple[int, Text]]:
        lengths = [len(ids) for ids in self.tokens.encode_many(texts)]
        order = sorted(range(len(texts)), key=lambda place: (-lengths[place], texts[place]))
        encoded = self.tokens.encode_prompts([texts[place] for place in order], truncation=self._arguments.truncation)
        prompts = [Prompt(place, self._fit(ids, plan)) for place, ids in zip(order, encoded, strict=True)]
        self._vocabulary.check_prompts(
            (requests[prompt.owner], prompt.ids) for prompt in sorted(prompts, key=attrgetter("owner"))
        )
        width = len(prompts[0].ids) + plan.max_tokens
        budget = make_budget(
            self._size,
            self._device,
            bytes_per_token=bytes_per_cached_token(self.module) + bytes_per_token(self.module, width) // 2,
            bytes_per_head=bytes_per_head_row(self.module),
            tokens_cap=sizes_of(self._device).generated,
        )
        yield from self._generator.respond(
            prompts,
            plan,
            budget,
            self._batches.setdefault("generate", []),
            plainly=self._arguments.scoring == "plain",
            alone=self._arguments.batch_invariant,
        )

    def _fit(self, ids: list[int], plan: GenerationPlan) -> list[int]:
        if not ids:
            # Nothing to start from: the token that stands before any text.
            ids = [self.tokens.prefix_token_id]
        room = self._generator.room(plan)
        if len(ids) > room:
            self._counter.note(
                "generate",
                f"A prompt of {len(ids)} tokens leaves no room for {plan.max_tokens} more (limit "
                f"{self.tokens.max_length}): it is truncated at the left. All such cases are counted in the results.",
            )
        return last_tokens(ids, room)
