"""Greedy decoding of many prompts: what they share is computed once, who has stopped leaves.

Rows live in slots (:mod:`proctor.models.hf.decoding.kv_slots`). A row that stops gives its slot to the
next waiting prompt, so the batch stays full until prompts run out. The token chosen is the
likeliest one, as in transformers' greedy search.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from proctor.errors import ModelError
from proctor.models.base import Budget
from proctor.models.hf.call_form import CallForm, call_forms
from proctor.models.hf.decoding.kv_slots import SlotCache
from proctor.models.hf.decoding.slot_attention import configs_of, slots
from proctor.models.hf.device import autocast, free_caches, is_out_of_memory, sizes_of
from proctor.models.hf.last_layer import last_feed_forward, only_rows
from proctor.models.hf.transfers import Transfer, send_ids
from proctor.models.prefix.groups import Group

log = logging.getLogger("proctor")


class StopWatcher:
    """Notices stop strings in the latest tokens of rows, special tokens included."""

    def __init__(self, tokenizer: Any, stops: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.stops = [stop for stop in stops if stop]
        # Two tokens more than the stop string's own: it may arrive in another tokenisation.
        longest = max((len(tokenizer.encode(stop, add_special_tokens=False)) for stop in self.stops), default=0)
        self.lookback = longest + 2

    def __call__(self, rows: Sequence[Sequence[int]]) -> list[bool]:
        """For each row of generated tokens, whether its tail spells a stop string."""
        if not self.stops or not rows:
            return [False] * len(rows)
        texts = self.tokenizer.batch_decode([row[-self.lookback :] for row in rows])
        return [any(stop in text for stop in self.stops) for text in texts]


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a row is finished."""

    max_tokens: int
    eos: Collection[int]
    watch: StopWatcher


@dataclass(slots=True)
class _Row:
    place: int
    new: list[int] = field(default_factory=list)


class ForwardPasses:
    """Forward passes of a module over slots; each gives the logits that follow the last token of each row."""

    def __init__(
        self, module: Any, device: torch.device, amp: torch.dtype | None, pad: int, form: CallForm | None = None
    ) -> None:
        self.module = module
        self.form = form or next(call_forms(module, device, amp), CallForm())
        self.device = device
        self.pad = pad
        self.amp = amp
        self._configs = configs_of(module)
        self._head = output_head(module)
        self._feed_forward = last_feed_forward(module) if self.form.last_rows else None
        self.forwarded = 0

    def prefix(self, cache: SlotCache, ids: Sequence[int]) -> None:
        """Compute what all rows share.

        Args:
            cache: An empty cache.
            ids: The prefix's token ids, at least one.
        """
        cache.begin_prefix(len(ids))
        self._forward(cache, [ids], [len(ids)], 0)

    def fill(self, cache: SlotCache, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Put new rows into slots.

        Args:
            cache: A cache with as many free slots.
            rows: Token ids of each, without the prefix, at least one.

        Returns:
            The logits after the last token of each, float32, shape (rows, vocabulary).
        """
        lengths = [len(row) for row in rows]
        cache.begin_fill(lengths)
        width = max(lengths)
        padded = [[*row, *[self.pad] * (width - len(row))] for row in rows]
        return self._forward(cache, padded, lengths, cache.shared)

    def step(self, cache: SlotCache, tokens: Sequence[int]) -> torch.Tensor:
        """One more token for every live slot.

        Args:
            cache: The cache.
            tokens: The new token of each live slot, in the order of slots.

        Returns:
            The logits after it, float32, shape (rows, vocabulary).
        """
        cache.begin_step()
        position = cache.ends[:, None] + cache.shared
        return self._forward(cache, [[token] for token in tokens], [1] * len(tokens), position)

    def _forward(
        self, cache: SlotCache, ids: Sequence[Sequence[int]], lengths: Sequence[int], start: int | torch.Tensor
    ) -> torch.Tensor:
        block = send_ids(ids, self.device)
        positions = torch.arange(block.shape[1], device=self.device).expand(block.shape) + start
        self.forwarded += block.numel()
        arguments = {"input_ids": block, self.form.positions: positions, self.form.cache: cache, "use_cache": True}
        with slots(cache, self._configs):
            return self.last_logits(arguments, [[length - 1] for length in lengths])[:, 0]

    def last_logits(self, arguments: dict[str, Any], columns: Sequence[Sequence[int]]) -> torch.Tensor:
        """The logits of a forward pass at some columns of each row, in float32; shape (rows, columns, vocabulary)."""
        column = send_ids(columns, self.device)
        row = torch.arange(len(columns), device=self.device)[:, None]
        taken = False

        def take(_: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
            nonlocal taken
            if args[0].dim() != 3 or args[0].shape[:2] != arguments["input_ids"].shape:
                return args
            taken = True
            return (args[0][row, column], *args[1:])

        handle = self._head.register_forward_pre_hook(take) if self._head is not None else contextlib.nullcontext()
        shape = arguments["input_ids"].shape
        pruned = only_rows(self._feed_forward, shape, (row * shape[1] + column).flatten())
        with handle, pruned, torch.no_grad(), autocast(self.device, self.amp):
            logits = self.module(**arguments).logits
        return (logits if taken else logits[row, column]).float()


def output_head(module: Any) -> torch.nn.Module | None:
    """The module that turns hidden rows into logits."""
    try:
        head = module.get_output_embeddings()
    except (AttributeError, NotImplementedError):
        return None
    return head if isinstance(head, torch.nn.Module) else None


class Decoder:
    """Runs groups of prompts to their ends; ``rows`` of each batch are noted in ``sizes``."""

    def __init__(self, passes: ForwardPasses, budget: Budget, ending: StopRule, sizes: list[int]) -> None:
        self.passes = passes
        self._budget = budget
        self.ending = ending
        self._sizes = sizes
        self.not_a_number: set[int] = set()
        """Members with NaN among their logits, each known before it is given back."""

    def __call__(self, prompts: Sequence[Sequence[int]], group: Group) -> Iterator[tuple[int, list[int]]]:
        """Decode the members of a group, each until it stops; memory that runs out costs a new start.

        Args:
            prompts: Token ids of all prompts.
            group: Those that share a prefix.

        Yields:
            A member's place in ``prompts`` and its new tokens, as soon as it has stopped.

        Raises:
            ModelError: Memory runs out on a single prompt.
        """
        waiting = list(group.members)
        while waiting:
            done: set[int] = set()
            try:
                for place, new in self._run(prompts, group.prefix, waiting):
                    done.add(place)
                    yield place, new
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(error)
            waiting = [place for place in waiting if place not in done]

    def _rows(self, capacity: int, count: int) -> int:
        bounds = (count, self._budget.rows or count, self._budget.heads, self._budget.tokens // capacity)
        return max(1, min(bounds))

    def _shrink(self, error: Exception) -> None:
        free_caches()
        rows = self._sizes[-1] if self._sizes else 1
        if rows == 1:
            raise ModelError(
                "Memory ran out on a single prompt.",
                hint="Lower max_length in --model_args, use a smaller dtype, or another device.",
            ) from error
        self._budget = Budget(self._budget.tokens, self._budget.heads, rows // 2)
        log.warning("Memory ran out on a batch of %d rows; going on with batches of half its size.", rows)

    def _run(
        self, prompts: Sequence[Sequence[int]], prefix: int, places: Sequence[int]
    ) -> Iterator[tuple[int, list[int]]]:
        # The first one is the longest.
        capacity = len(prompts[places[0]]) - prefix + self.ending.max_tokens
        cache = SlotCache(self._rows(capacity, len(places)), capacity, self.passes.device)
        waiting = list(reversed(places))
        live: list[_Row] = []
        self._sizes.append(cache.rows)
        if prefix:
            self.passes.prefix(cache, prompts[places[0]][:prefix])
        while waiting or live:
            free = min(cache.rows - len(live), len(waiting))
            if free and (not live or free > cache.rows // 8):
                # A few at a time: one long pass for one new row costs about as much as for several.
                yield from self._admit(cache, prompts, prefix, [waiting.pop() for _ in range(free)], live)
            else:
                logits = self.passes.step(cache, [row.new[-1] for row in live])
                yield from self._choose(cache, live, 0, logits)

    def _admit(
        self,
        cache: SlotCache,
        prompts: Sequence[Sequence[int]],
        prefix: int,
        places: Sequence[int],
        live: list[_Row],
    ) -> Iterator[tuple[int, list[int]]]:
        """Fill slots with new rows, not more at once than a pass should hold."""
        step = max(1, sizes_of(self.passes.device).tokens // (len(prompts[places[0]]) - prefix))
        for start in range(0, len(places), step):
            some = places[start : start + step]
            logits = self.passes.fill(cache, [prompts[place][prefix:] for place in some])
            first = len(live)
            live.extend(_Row(place) for place in some)
            yield from self._choose(cache, live, first, logits)

    def _choose(
        self, cache: SlotCache, live: list[_Row], first: int, logits: torch.Tensor
    ) -> Iterator[tuple[int, list[int]]]:
        """Give the rows from ``first`` on their likeliest token; who has stopped leaves."""
        rows = live[first:]
        chosen = logits.argmax(dim=-1)
        # Where there is NaN in a row, it is what argmax takes for the highest.
        highest = logits.gather(-1, chosen[:, None])[:, 0].isnan()
        tokens, nans = (values.tolist() for values in Transfer(chosen, highest).wait())
        for row, token, broken in zip(rows, tokens, nans, strict=True):
            row.new.append(token)
            if broken:
                self.not_a_number.add(row.place)
        spelled = self.ending.watch([row.new for row in rows])
        for number in reversed(range(len(rows))):
            row = rows[number]
            if spelled[number] or row.new[-1] in self.ending.eos or len(row.new) >= self.ending.max_tokens:
                # From the end, so that the row that takes the freed slot has been looked at.
                cache.drop(first + number)
                live[first + number] = live[-1]
                live.pop()
                yield row.place, row.new
