"""Generation: with shared prefixes where that is exact, else by transformers; cut as lm-eval cuts.

A row is finished as soon as its own text holds a stop string, so a text does not depend on
how long its neighbours go on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import LogitsProcessorList, StoppingCriteriaList

from proctor.errors import ModelError, UsageError
from proctor.models.base import Budget
from proctor.models.generation import GenerationPlan, cut_at_stops
from proctor.models.hf.call_form import CallForm, call_forms
from proctor.models.hf.decoding.decode import Decoder, ForwardPasses, StopRule, StopWatcher
from proctor.models.hf.decoding.decoding_gate import LEAST_PROBE, PROBE_ROOM, DecodingDecision, choose_first, objection
from proctor.models.hf.decoding.endings import StopStrings, StopTogether, finish_reason, without_padding
from proctor.models.hf.decoding.nan_watch import NanWatch, is_watchable
from proctor.models.hf.deferred_imports import without_distribution
from proctor.models.hf.device import autocast, is_out_of_memory, run_batches
from proctor.models.hf.fallback import warn_of_fallback
from proctor.models.hf.hooks import is_known
from proctor.models.hf.scoring.scoring_gate import probe_length
from proctor.models.hf.transfers import send_ids
from proctor.models.prefix.groups import group_prompts
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Text, Usage

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt to generate after; ``ids`` are already cut to what fits."""

    owner: int
    ids: list[int]


class Generator:
    """Generates for prompts with a module: one call is one batch."""

    def __init__(
        self,
        module: Any,
        tokens: Tokens,
        device: torch.device,
        *,
        pad: int | None,
        autocast: torch.dtype | None = None,
        think_end_token: str | int | None = None,
    ) -> None:
        self._pad_token = pad
        self.module = module
        self.tokens = tokens
        self.device = device
        self.autocast = autocast
        self.think_end_token = think_end_token
        if isinstance(think_end_token, str) and think_end_token in tokens.tokenizer.all_special_tokens:
            # lm-eval: special tokens are gone before the text is looked at.
            number = tokens.tokenizer.convert_tokens_to_ids(think_end_token)
            log.warning(
                "think_end_token: %r is a special token, which is not in the text: give its number, %d.",
                think_end_token,
                number,
            )
        self._probed: tuple[DecodingDecision, int] | None = None
        self._facts: dict[str, Any] = {}

    @property
    def facts(self) -> Mapping[str, Any]:
        """How was generated so far, for the results file; nothing if nothing was."""
        return self._facts

    def room(self, plan: GenerationPlan) -> int:
        """How many tokens a prompt may have.

        Args:
            plan: How texts are generated.

        Raises:
            UsageError: As many new tokens are wanted as the model's limit for both has, or more.
        """
        limit = self.tokens.max_length
        if self.tokens.backend == "seq2seq":
            return limit
        if limit <= plan.max_tokens:
            raise UsageError(
                f"{plan.max_tokens} tokens are to be generated, but the model's limit for prompt and answer "
                f"together is {limit}.",
                hint="Lower it with --gen_kwargs max_gen_toks=N, or raise max_length in --model_args.",
            )
        return limit - plan.max_tokens

    def respond(
        self,
        prompts: Sequence[Prompt],
        plan: GenerationPlan,
        budget: Budget,
        sizes: list[int],
        *,
        plainly: bool = False,
        alone: bool = False,
    ) -> Iterator[tuple[int, Text]]:
        """The texts for prompts.

        Args:
            prompts: Prompts, longest first.
            plan: How texts are generated.
            budget: The bounds of a batch.
            sizes: The rows of each batch are added to it.
            plainly: By transformers, without shared prefixes.
            alone: One prompt at a time.

        Yields:
            The owner of a prompt and its text, as soon as it is complete.
        """
        choice = DecodingDecision("plain", "asked for") if plainly else self._choose(prompts, plan)
        self._note(choice, prompts)
        if alone:
            budget = replace(budget, rows=1)
        ending = StopRule(plan.max_tokens, self._eos(), StopWatcher(self.tokens.tokenizer, plan.until))
        if choice.mode == "shared":
            decode = Decoder(self._passes(choice.form), budget, ending, sizes)
            yield from self._shared(prompts, plan, decode, share=not alone)
            return
        widths = [len(prompt.ids) + plan.max_tokens for prompt in prompts]
        yield from run_batches(
            prompts, widths, [1] * len(prompts), budget, lambda batch: self(batch, plan, ending), sizes
        )

    def _choose(self, prompts: Sequence[Prompt], plan: GenerationPlan) -> DecodingDecision:
        if self.tokens.backend != "causal":
            return DecodingDecision("plain", "encoder-decoder")
        longest = len(prompts[0].ids) + plan.max_tokens
        against = objection(self.module, plan, longest)
        if against:
            return DecodingDecision("plain", against)
        # The probe itself must fit.
        length = min(probe_length(self.module, longest), self.tokens.max_length - PROBE_ROOM)
        if self._probed is None or length > self._probed[1]:
            self._probed = self._probe(prompts[0].ids, max(length, LEAST_PROBE)), length
        return self._probed[0]

    def _probe(self, ids: Sequence[int], length: int) -> DecodingDecision:
        forms = call_forms(self.module, self.device, self.autocast)
        try:
            choice = choose_first(map(self._passes, forms), ids, length)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return DecodingDecision("plain", "memory ran out in the probe")
        return replace(choice, surprising=choice.surprising and is_known(self.module))

    def _note(self, choice: DecodingDecision, prompts: Sequence[Prompt]) -> None:
        facts = choice.facts()
        if any(self._facts.get(key) != value for key, value in facts.items()):
            self._log_decision(choice, prompts)
        self._facts |= {**facts, choice.mode: self._facts.get(choice.mode, 0) + len(prompts)}

    def _log_decision(self, choice: DecodingDecision, prompts: Sequence[Prompt]) -> None:
        """How is generated, and at what cost where that is a surprise."""
        if not choice.surprising:
            failed = choice.mode == "plain" and choice.max_probe_difference is not None
            log.log(logging.WARNING if failed else logging.INFO, "%s", choice.in_words())
            return
        distinct = list({tuple(prompt.ids): prompt.ids for prompt in prompts}.values())
        shared = sum(
            group.prefix + sum(len(distinct[member]) - group.prefix for member in group.members)
            for group in group_prompts(distinct)
        )
        plain = sum(len(prompt.ids) for prompt in prompts)
        doing = "Every prompt is generated after by itself"
        warn_of_fallback(doing, choice.reason, self.module, plain=plain, shared=shared)

    def _passes(self, form: CallForm | None) -> ForwardPasses:
        return ForwardPasses(self.module, self.device, self.autocast, self._pad_token or 0, form)

    def _shared(
        self, prompts: Sequence[Prompt], plan: GenerationPlan, decode: Decoder, *, share: bool
    ) -> Iterator[tuple[int, Text]]:
        """Equal prompts have equal texts: each is decoded once."""
        owners: dict[tuple[int, ...], list[int]] = {}
        for prompt in prompts:
            owners.setdefault(tuple(prompt.ids), []).append(prompt.owner)
        distinct = list(owners)
        for group in group_prompts(distinct, share=share):
            for place, new in decode(distinct, group):
                ids = distinct[place]
                # The first of a group has its prefix computed, and the first of equal prompts all of it.
                usage = Usage(len(ids), 0 if place == group.members[0] else group.prefix, len(new))
                finish = finish_reason(new, decode.ending, self.tokens.decode, plan.max_tokens)
                text = Text(self._text(new, plan), finish, usage, place in decode.not_a_number)
                again = replace(text, usage=replace(usage, cached=len(ids)))
                yield from zip(owners[ids], (text, *[again] * (len(owners[ids]) - 1)), strict=True)
        self._facts["forwarded_tokens"] = self._facts.get("forwarded_tokens", 0) + decode.passes.forwarded

    def _eos(self) -> frozenset[int]:
        """The tokens at which transformers ends a text; none for a module that it did not configure."""
        eos = getattr(getattr(self.module, "generation_config", None), "eos_token_id", None)
        return frozenset(() if eos is None else [eos] if isinstance(eos, int) else eos)

    def __call__(self, prompts: Sequence[Prompt], plan: GenerationPlan, ending: StopRule) -> list[tuple[int, Text]]:
        """The text for each prompt of one batch, by transformers."""
        ids, mask = self._pad(prompts)
        width = ids.shape[1]
        if not hasattr(self.module, "generate"):
            raise ModelError(
                f"A module of the class {type(self.module).__name__} cannot generate: it has no method 'generate'.",
                hint="Ask it for log-likelihoods only, or derive its class from transformers' GenerationMixin.",
            )
        watch = NanWatch(len(prompts), drawn=bool(plan.do_sample)) if is_watchable(self.module) else None
        output = self._generate(ids, mask, plan, watch)
        broken = [False] * len(prompts) if watch is None else watch.broken
        # What is not new in a row: the prompt, or the token from which a decoder starts.
        skip = width if self.tokens.backend == "causal" else 1
        most = int(plan.extra.get("max_length") or width + plan.max_tokens) - skip
        texts: list[tuple[int, Text]] = []
        for prompt, row, bad in zip(prompts, output.tolist(), broken, strict=True):
            new = without_padding(row[skip:], ending.eos, self._pad_token)
            finish = finish_reason(new, ending, self.tokens.decode, most)
            text = self._text(row[skip:] if self.tokens.backend == "causal" else row, plan)
            texts.append((prompt.owner, Text(text, finish, Usage(len(prompt.ids), 0, len(new)), bad)))
        return texts

    def _pad(self, prompts: Sequence[Prompt]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(prompt.ids) for prompt in prompts)
        # Without a token for it there is one row, and nothing to pad.
        pad = self._pad_token or 0
        ids = [[pad] * (width - len(prompt.ids)) + prompt.ids for prompt in prompts]
        mask = [[0] * (width - len(prompt.ids)) + [1] * len(prompt.ids) for prompt in prompts]
        return send_ids(ids, self.device), send_ids(mask, self.device)

    def _generate(
        self, ids: torch.Tensor, mask: torch.Tensor, plan: GenerationPlan, watch: NanWatch | None
    ) -> torch.Tensor:
        extra = dict(plan.extra)
        if watch is not None:
            extra["logits_processor"] = LogitsProcessorList([*(extra.get("logits_processor") or ()), watch])
        if plan.do_sample and plan.temperature is not None:
            extra["temperature"] = plan.temperature
        # lm-eval: an encoder-decoder may generate as many tokens more as its padded input has.
        extra.setdefault("max_length", ids.shape[1] + plan.max_tokens)
        criteria = self._criteria(ids, plan, beams=int(extra.get("num_beams") or 1))
        try:
            with without_distribution(), torch.no_grad(), autocast(self.device, self.autocast):
                return self.module.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    do_sample=plan.do_sample,
                    stopping_criteria=criteria,
                    pad_token_id=self._pad_token,
                    use_cache=True,
                    **extra,
                )
        except (ValueError, TypeError) as error:
            raise ModelError(
                f"transformers refuses these generation arguments: {' '.join(str(error).split())[:300]}",
                hint="Check generation_kwargs in the task and --gen_kwargs.",
            ) from error

    def _criteria(self, ids: torch.Tensor, plan: GenerationPlan, *, beams: int) -> StoppingCriteriaList:
        rows, width = ids.shape
        tokenizer = self.tokens.tokenizer
        if beams > 1:
            # lm-eval: even where the output does not begin with the input, its width is skipped.
            return StoppingCriteriaList([StopTogether(tokenizer, stop, width, rows) for stop in plan.until if stop])
        skip = width if self.tokens.backend == "causal" else 0
        return StoppingCriteriaList([StopStrings(tokenizer, plan.until, skip, rows)])

    def _text(self, ids: list[int], plan: GenerationPlan) -> str:
        end = self.think_end_token
        if isinstance(end, int):
            text = self.tokens.decode(ids[len(ids) - ids[::-1].index(end) :] if end in ids else ids).lstrip()
        else:
            text = self.tokens.decode(ids)
            if end:
                text = text.split(end)[-1].lstrip()
        return cut_at_stops(text, plan.until)
