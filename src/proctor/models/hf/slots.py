"""Keys and values of rows that come and go, on top of a prefix that all of them share.

The prefix is held once. Every row has a slot of its own, filled from the left and written in
place; nothing is padded or copied from step to step. One query per row attends to the prefix
as one matrix product over all rows, and to its own slot; both meet in one softmax.

It is an attention function of transformers' interface: models that do their attention
elsewhere never call it, which :class:`SlotCache` notices.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Literal, cast

import torch
from transformers import AttentionInterface, PreTrainedConfig
from transformers.cache_utils import Cache, DynamicLayer

NAME = "proctor_slots"

HARMLESS = frozenset(
    {"is_causal", "position_ids", "cache_position", "use_cache", "output_attentions", "output_hidden_states"}
)
"""Keyword arguments of attention functions that change nothing here."""

_current: ContextVar[SlotCache | None] = ContextVar("slots", default=None)


class Unsupported(Exception):
    """The model asks its attention for something that slots do not offer."""


class SlotLayer(DynamicLayer):
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


class SlotCache(Cache):
    """A cache of ``rows`` slots of ``capacity`` tokens. ``lengths``: what each live slot holds."""

    def __init__(self, rows: int, capacity: int) -> None:
        super().__init__(layers=[])
        self.rows = rows
        self.capacity = capacity
        self.shared = 0
        self.lengths: list[int] = []
        self.longest = 0
        self.phase: Literal["prefix", "fill", "step"] = "prefix"
        self.filled = slice(0, 0)
        self.places = self.ends = torch.empty(0, dtype=torch.long)
        self.seen: torch.Tensor | None = None
        self.beyond: torch.Tensor | None = None
        self.attended = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store one layer's new keys and values."""
        while len(self.layers) <= layer_idx:
            self.layers.append(SlotLayer(self))
        return self.layers[layer_idx].update(key_states, value_states)  # type: ignore[return-value]

    def begin_prefix(self, tokens: int) -> None:
        """The next pass is the prefix of all rows."""
        self.phase, self.seen, self.shared = "prefix", None, tokens

    def begin_fill(self, lengths: Sequence[int], device: torch.device) -> None:
        """The next pass fills new slots at the end with rows of these lengths, padded on the right."""
        self.phase = "fill"
        start = len(self.lengths)
        self.filled = slice(start, start + len(lengths))
        self.lengths.extend(lengths)
        width = max(lengths)
        self.seen = None
        if self.shared:
            everything = torch.ones((width, self.shared + width), dtype=torch.bool, device=device)
            self.seen = everything.tril(diagonal=self.shared)

    def begin_step(self, device: torch.device) -> None:
        """The next pass brings one token for every live slot."""
        self.phase = "step"
        self.places = torch.arange(len(self.lengths), device=device)
        self.ends = torch.tensor(self.lengths, device=device)
        self.lengths = [length + 1 for length in self.lengths]
        self.longest = max(self.lengths)
        self.beyond = None
        if min(self.lengths) < self.longest:
            columns = torch.arange(self.longest, device=device)
            self.beyond = (columns > self.ends[:, None])[:, None, None]

    def drop(self, row: int) -> None:
        """Free a slot: the last live row moves there."""
        last = len(self.lengths) - 1
        if row != last:
            for layer in self.layers:
                cast(SlotLayer, layer).move(last, row, self.lengths[last])
        self.lengths[row] = self.lengths[last]
        self.lengths.pop()


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one layer; a window is none here: the caller knows that no row is longer."""
    cache = _current.get()
    asked = [name for name, given in kwargs.items() if given is not None and name not in HARMLESS]
    if cache is None or attention_mask is not None or dropout or asked:
        raise Unsupported(f"attention with {', '.join(asked) or 'a mask of its own'}")
    layer = cast(SlotLayer, cache.layers[cast(int, module.layer_idx)])
    cache.attended += 1
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if cache.phase == "step":
        out = _step(query, layer, cache, scale)
    else:
        out = _block(query, key, value, layer, cache, scale)
    return out.transpose(1, 2).contiguous(), None


def _block(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, layer: SlotLayer, cache: SlotCache, scale: float
) -> torch.Tensor:
    """Several tokens a row: the prefix, or new rows on top of it."""
    if cache.seen is not None and layer.prefix is not None:
        rows = len(query)
        key = torch.cat([layer.prefix[0].expand(rows, -1, -1, -1), key], dim=2)
        value = torch.cat([layer.prefix[1].expand(rows, -1, -1, -1), value], dim=2)
    repeat = query.shape[1] // key.shape[1]
    if repeat > 1:
        key, value = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1)
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=cache.seen, is_causal=cache.seen is None, scale=scale
    )


def _step(query: torch.Tensor, layer: SlotLayer, cache: SlotCache, scale: float) -> torch.Tensor:
    """One token a row. Heads that share keys are rows of the same matrix product."""
    assert layer.slots is not None
    rows, heads, _, size = query.shape
    keys, values = (held[:rows, :, : cache.longest] for held in layer.slots)
    kept = keys.shape[1]
    grouped = query.reshape(rows, kept, heads // kept, size)
    scores = torch.matmul(grouped, keys.transpose(-1, -2))
    if cache.beyond is not None:
        scores = scores.masked_fill(cache.beyond, float("-inf"))
    if layer.prefix is None:
        out = torch.matmul(_softmax(scores, scale), values)
    else:
        first_keys, first_values = layer.prefix[0][0], layer.prefix[1][0]
        shared = torch.matmul(_by_head(grouped), first_keys.transpose(-1, -2))
        weights = _softmax(torch.cat([_by_row(shared, rows), scores], dim=-1), scale)
        out = torch.matmul(weights[..., cache.shared :], values)
        out = out + _by_row(torch.matmul(_by_head(weights[..., : cache.shared]), first_values), rows)
    return out.reshape(rows, heads, 1, -1)


def _softmax(scores: torch.Tensor, scale: float) -> torch.Tensor:
    return torch.softmax(scores * scale, dim=-1, dtype=torch.float32).to(scores.dtype)


def _by_head(block: torch.Tensor) -> torch.Tensor:
    """(rows, heads, queries, size) to (heads, rows * queries, size)."""
    return block.transpose(0, 1).flatten(1, 2)


def _by_row(block: torch.Tensor, rows: int) -> torch.Tensor:
    """Back from :func:`_by_head`."""
    return block.unflatten(1, (rows, -1)).transpose(0, 1)


def configs_of(module: torch.nn.Module) -> list[Any]:
    """The distinct config objects of a model and its parts."""
    found = (getattr(part, "config", None) for part in module.modules())
    return list({id(config): config for config in found if isinstance(config, PreTrainedConfig)}.values())


@contextlib.contextmanager
def slots(cache: SlotCache, configs: Sequence[Any]) -> Iterator[None]:
    """Within, the model that these configs belong to attends through ``cache``."""
    AttentionInterface.register(NAME, attend)
    before = [config._attn_implementation_internal for config in configs]
    token = _current.set(cache)
    for config in configs:
        config._attn_implementation_internal = NAME
    try:
        yield
    finally:
        for config, name in zip(configs, before, strict=True):
            config._attn_implementation_internal = name
        _current.reset(token)
