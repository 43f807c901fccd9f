"""Plain generation: prompts of one kind padded on the left, stopped row by row, cut as lm-eval cuts.

A row is finished as soon as its own text holds a stop string, so a text does not depend on
how long its neighbours go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from proctor.errors import ModelError, UsageError
from proctor.models.generation import GenerationPlan, cut_at_stops
from proctor.models.hf.loglikelihood import autocast
from proctor.models.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt to generate after; ``ids`` are already cut to what fits."""

    owner: int
    ids: list[int]


class StopStrings(StoppingCriteria):
    """Finishes a row whose latest tokens, special ones included, spell a stop string."""

    def __init__(self, tokenizer: Any, stops: Sequence[str], skip: int, rows: int) -> None:
        self.tokenizer = tokenizer
        self.stops = [stop for stop in stops if stop]
        # Two tokens more than the stop string's own: it may arrive in another tokenisation.
        longest = max((len(tokenizer.encode(stop, add_special_tokens=False)) for stop in self.stops), default=0)
        self.lookback = longest + 2
        self.skip = skip
        self.done = [False] * rows

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """One flag per row."""
        new = input_ids[:, self.skip :][:, -self.lookback :]
        waiting = [row for row, done in enumerate(self.done) if not done]
        if self.stops and waiting and new.shape[1]:
            for row, text in zip(waiting, self.tokenizer.batch_decode(new[waiting]), strict=True):
                self.done[row] = any(stop in text for stop in self.stops)
        return torch.tensor(self.done, device=input_ids.device, dtype=torch.bool)


class StopTogether(StoppingCriteria):
    """One stop string under beam search, where rows change places."""

    def __init__(self, tokenizer: Any, stop: str, skip: int, rows: int) -> None:
        self.tokenizer = tokenizer
        self.stop = stop
        self.lookback = len(tokenizer.encode(stop, add_special_tokens=False)) + 2
        self.skip = skip
        self.done = [False] * rows

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """The same flag for all candidates."""
        # lm-eval: only as many candidates as there are prompts are looked at, and once is for ever.
        new = input_ids[: len(self.done), self.skip :][:, -self.lookback :]
        for row, text in enumerate(self.tokenizer.batch_decode(new)):
            self.done[row] = self.done[row] or self.stop in text
        return torch.full((len(input_ids),), all(self.done), device=input_ids.device, dtype=torch.bool)


class Generator:
    """Generates for prompts with a module: one call is one batch."""

    def __init__(
        self,
        module: Any,
        tokens: Tokens,
        device: torch.device,
        *,
        autocast: torch.dtype | None = None,
        think_end_token: str | int | None = None,
    ) -> None:
        self.module = module
        self.tokens = tokens
        self.device = device
        self.autocast = autocast
        self.think_end_token = think_end_token

    def room(self, plan: GenerationPlan) -> int:
        """How many tokens a prompt may have."""
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

    def __call__(self, prompts: Sequence[Prompt], plan: GenerationPlan) -> list[tuple[int, str]]:
        """The text for each prompt."""
        ids, mask = self._pad(prompts)
        width = ids.shape[1]
        output = self._generate(ids, mask, plan)
        if self.tokens.backend == "causal":
            output = output[:, width:]
        return [(prompt.owner, self._text(row, plan)) for prompt, row in zip(prompts, output.tolist(), strict=True)]

    def _pad(self, prompts: Sequence[Prompt]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(prompt.ids) for prompt in prompts)
        pad = self.tokens.tokenizer.pad_token_id
        ids = [[pad] * (width - len(prompt.ids)) + prompt.ids for prompt in prompts]
        mask = [[0] * (width - len(prompt.ids)) + [1] * len(prompt.ids) for prompt in prompts]
        return torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device)

    def _generate(self, ids: torch.Tensor, mask: torch.Tensor, plan: GenerationPlan) -> torch.Tensor:
        extra = dict(plan.extra)
        if plan.do_sample and plan.temperature is not None:
            extra["temperature"] = plan.temperature
        # lm-eval: an encoder-decoder may generate as many tokens more as its padded input has.
        extra.setdefault("max_length", ids.shape[1] + plan.max_tokens)
        criteria = self._criteria(ids, plan, beams=int(extra.get("num_beams") or 1))
        try:
            with torch.no_grad(), autocast(self.device, self.autocast):
                return self.module.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    do_sample=plan.do_sample,
                    stopping_criteria=criteria,
                    pad_token_id=self.tokens.tokenizer.pad_token_id,
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
