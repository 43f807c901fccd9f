"""Keys and values of rows that come and go, on top of a prefix that all of them share.

The prefix is held once. Every row has a slot of its own, filled from the left and written in
place; nothing is padded or copied from step to step. One query per row attends to the prefix
as one matrix product over all rows, and to its own slot; both meet in one softmax.

It is an attention function of transformers' interface: models that do their attention
elsewhere never call it, which :class:`SlotCache` notices.
"""

# How slots work
# --------------
#     prefix, held once                      slots: (rows, heads, capacity, size), filled from the left
#     (1, heads, shared, size)
#                                            row 0   k k k k k . . .    lengths[0] = 5
#     p p p p p p p p      shared = 8        row 1   k k k - - . . .    lengths[1] = 3   -: from padding
#                                            row 2   k k k k . . . .    lengths[2] = 4
#     position 0 .. 7                        (free)  . . . . . . . .
#                                            position of column c: shared + c
#
#   begin_prefix -> one pass of (1, shared)       the prefix's keys and values are kept as they come
#   begin_fill   -> one pass of (new, longest)    new rows go into the slots behind the live ones
#   begin_step   -> one pass of (rows, 1)         every live row gets one token, at column lengths[row]
#   drop         -> no pass                       the last live row moves into the freed slot
#
# In a step, attention of one layer is
#
#     softmax( [ q . slots   |   q . prefix ] )  .  [ slots ; prefix ]
#                per row         all rows and the heads that share keys in one matrix product
#
# with one softmax over both halves. The prefix's keys are read once for all rows instead of once per row; with long
# few-shot prompts and short responses they are most of the keys.
#
# What was weighed
#   - The caches of transformers: the prefix stands in every row, prompts are padded, keys grow by a copy per step, and
#     a row that has ended stays until its batch ends.
#   - Blocks with a table (PagedAttention): memory without a bound known before, and any sharing. It needs a kernel,
#     and here both are known: capacity is the longest prompt and the most new tokens, the prefix is one for all
#     (:mod:`proctor.models.prefix.groups` makes the groups).
#   - Two attentions joined by their log-sums: needed if the halves come from kernels that give no scores. Here the
#     scores are at hand, and one softmax also holds for soft caps and sinks.
#
# Invariants
#   - Slots 0 .. len(lengths) - 1 are live, without a gap. Row i's tokens are columns 0 .. lengths[i] - 1.
#   - Other columns may hold anything finite; no query sees them. Buffers begin as zeros because 0 * NaN is NaN.
#   - A row's attention does not depend on which slot it is in, nor on its neighbours, but for rounding.
#   - ``attended`` counts calls of :func:`attend`; for a model that attends elsewhere it stays too low, and
#     :mod:`proctor.models.hf.decoding.decoding_gate` then refuses slots.
#
# Sources: prefix and suffix apart, the prefix for all rows at once, Hydragen, arXiv:2402.05099; rows that come and go
# between steps, Orca, OSDI 2022; the alternative, PagedAttention, arXiv:2309.06180.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch

from proctor.models.hf.cache_base import CacheBase, LayerBase
from proctor.models.hf.transfers import send_ids


class UnsupportedAttentionError(Exception):
    """The model asks its attention for something that slots do not offer."""


class SlotLayer(LayerBase):
    """One layer: ``prefix`` of shape (1, heads, tokens, size), slots of shape (rows, heads, capacity, size)."""

    def __init__(self, cache: SlotCache) -> None:
        super().__init__()
        self.cache = cache
        self.prefix: tuple[torch.Tensor, torch.Tensor] | None = None
        self.slots: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store what is new and give it back alone; :func:`attend` knows the rest."""
        self.is_initialized = True
        new = (key_states, value_states)
        if self.cache.phase == "prefix":
            self.prefix = new
            return new
        if self.slots is None:
            rows, capacity = self.cache.rows, self.cache.capacity
            self.slots = (_room(key_states, rows, capacity), _room(value_states, rows, capacity))
        for held, one in zip(self.slots, new, strict=True):
            if self.cache.phase == "fill":
                held[self.cache.filled, :, : one.shape[2]] = one
            else:
                held[self.cache.places, :, self.cache.ends] = one[:, :, 0]
        return new

    def move(self, source: int, target: int, length: int) -> None:
        """Copy one row's slot to another place."""
        for held in self.slots or ():
            held[target, :, :length] = held[source, :, :length]

    def get_seq_length(self) -> int:
        """The longest row's tokens; no row's in particular."""
        return self.cache.shared + max(self.cache.lengths, default=0)


def _room(like: torch.Tensor, rows: int, capacity: int) -> torch.Tensor:
    # Zeros, not whatever memory holds: a weight of 0 times NaN is NaN.
    return like.new_zeros((rows, like.shape[1], capacity, like.shape[3]))


class SlotCache(CacheBase[SlotLayer]):
    """A cache of ``rows`` slots of ``capacity`` tokens. ``lengths``: what each live slot holds."""

    def __init__(self, rows: int, capacity: int, device: torch.device) -> None:
        super().__init__(lambda: SlotLayer(self))
        self.rows = rows
        self.capacity = capacity
        self.shared = 0
        self.lengths: list[int] = []
        self.longest = 0
        self.phase: Literal["prefix", "fill", "step"] = "prefix"
        self.filled = slice(0, 0)
        self.places = self.ends = torch.empty(0, dtype=torch.long, device=device)
        self.width = 0
        self.attended = 0
        self._masks: dict[int | None, torch.Tensor | None] = {}

    def begin_prefix(self, tokens: int) -> None:
        """The next pass is the prefix of all rows.

        Args:
            tokens: Its length.
        """
        self.phase, self.width, self.shared = "prefix", tokens, tokens
        self._masks.clear()

    def begin_fill(self, lengths: Sequence[int]) -> None:
        """The next pass fills new slots behind the live ones, with rows padded on the right.

        Args:
            lengths: Tokens of each new row, without padding.
        """
        self.phase, self.width = "fill", max(lengths)
        self._masks.clear()
        start = len(self.lengths)
        self.filled = slice(start, start + len(lengths))
        self.lengths.extend(lengths)

    def begin_step(self) -> None:
        """The next pass brings one token for every live slot."""
        self.phase, self.width = "step", 1
        self._masks.clear()
        self.places = torch.arange(len(self.lengths), device=self.ends.device)
        self.ends = send_ids(self.lengths, self.ends.device)
        self.lengths = [length + 1 for length in self.lengths]
        self.longest = max(self.lengths)

    def mask(self, window: int | None) -> torch.Tensor | None:
        """What is hidden in this pass from layers with this window; None: nothing but what comes later.

        Of several tokens a row: (tokens, prefix and tokens). Of one: (rows, 1, 1, columns) for as
        many columns of slots and then prefix as it takes.
        """
        before = 0 if self.phase == "prefix" else self.shared
        if window is not None and window >= before + (self.longest if self.phase == "step" else self.width):
            window = None
        if window not in self._masks:
            self._masks[window] = self._mask_of_step(window) if self.phase == "step" else self._mask(window, before)
        return self._masks[window]

    def _mask(self, window: int | None, before: int) -> torch.Tensor | None:
        if window is None and not before:
            return None
        everything = torch.ones((self.width, before + self.width), dtype=torch.bool, device=self.ends.device)
        hidden = everything.triu(before + 1)
        if window is not None:
            hidden |= everything.tril(before - window)
        return hidden

    def _mask_of_step(self, window: int | None) -> torch.Tensor | None:
        if window is None and min(self.lengths) == self.longest:
            return None
        columns = torch.arange(self.longest, device=self.ends.device)
        ends = self.ends[:, None]
        hidden = columns > ends
        if window is not None:
            prefix = torch.arange(self.shared, device=self.ends.device)
            hidden = torch.cat([hidden | (columns <= ends - window), prefix <= ends + self.shared - window], dim=1)
        return hidden[:, None, None]

    def drop(self, row: int) -> None:
        """Free a slot: the last live row moves there.

        Args:
            row: The slot.
        """
        last = len(self.lengths) - 1
        if row != last:
            for layer in self.layers:
                layer.move(last, row, self.lengths[last])
        self.lengths[row] = self.lengths[last]
        self.lengths.pop()
