"""Attention over KV slots: the function that stands in for a model's own attention while :func:`slots` is open."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import torch
import transformers

from proctor.models.hf.attention import attention_setting
from proctor.models.hf.decoding.kv_slots import SlotCache, SlotLayer, UnsupportedAttentionError

NAME = "proctor_slots"


HARMLESS = frozenset(
    {
        *("is_causal", "position_ids", "cache_position", "use_cache"),
        *("output_attentions", "output_hidden_states", "output_router_logits"),
    }
)
"""Keyword arguments of attention functions that change nothing here."""


_current: ContextVar[SlotCache | None] = ContextVar("slots", default=None)


@dataclass(frozen=True, slots=True)
class AttentionRule:
    """How a layer weighs: ``sinks`` are scores of nothing, one a head; they take weight away."""

    scale: float
    window: int | None
    softcap: float | None
    sinks: torch.Tensor | None

    @property
    def simple(self) -> bool:
        """Whether torch's own attention can do it."""
        return self.softcap is None and self.sinks is None

    def weights(self, scores: torch.Tensor, hidden: torch.Tensor | None) -> torch.Tensor:
        """Softmax of (rows, heads, queries, keys); ``hidden`` covers all or the first of the keys."""
        scores = scores * self.scale
        if self.softcap is not None:
            scores = torch.tanh(scores / self.softcap) * self.softcap
        if hidden is not None:
            scores[..., : hidden.shape[-1]].masked_fill_(hidden, float("-inf"))
        if self.sinks is None:
            return torch.softmax(scores, dim=-1, dtype=torch.float32).to(scores.dtype)
        # Queries of one head lie side by side where heads share keys.
        heads, queries = scores.shape[1:3]
        sinks = self.sinks.view(1, heads, -1, 1).expand(len(scores), heads, queries, 1).to(scores.dtype)
        scores = torch.cat([scores, sinks], dim=-1)
        return torch.softmax(scores, dim=-1, dtype=torch.float32).to(scores.dtype)[..., :-1]


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one layer, in the form in which transformers' models call it."""
    cache = _current.get()
    unsupported = [name for name, given in kwargs.items() if given is not None and name not in HARMLESS]
    if cache is None or attention_mask is not None or dropout or unsupported:
        raise UnsupportedAttentionError(f"attention with {', '.join(unsupported) or 'a mask of its own'}")
    layer = cache.layers[cast(int, module.layer_idx)]
    cache.attended += 1
    rule = AttentionRule(query.shape[-1] ** -0.5 if scaling is None else scaling, sliding_window, softcap, s_aux)
    hidden = cache.mask(sliding_window)
    if cache.phase == "step":
        out = _step(query, layer, cache, rule, hidden)
    else:
        out = _block(query, key, value, layer.prefix if cache.phase == "fill" else None, rule, hidden)
    return out.transpose(1, 2).contiguous(), None


def _block(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    prefix: tuple[torch.Tensor, torch.Tensor] | None,
    rule: AttentionRule,
    hidden: torch.Tensor | None,
) -> torch.Tensor:
    """Several tokens a row: the prefix, or new rows on top of it."""
    if prefix is not None:
        key, value = (
            torch.cat([held.expand(len(query), -1, -1, -1), new], dim=2)
            for held, new in zip(prefix, (key, value), strict=True)
        )
    repeat = query.shape[1] // key.shape[1]
    if repeat > 1:
        key, value = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1)
    if rule.simple:
        seen = None if hidden is None else ~hidden
        return torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=seen, is_causal=seen is None, scale=rule.scale
        )
    if hidden is None:
        hidden = torch.ones(2 * (query.shape[2],), dtype=torch.bool, device=query.device).triu(1)
    return torch.matmul(rule.weights(torch.matmul(query, key.transpose(-1, -2)), hidden), value)


def _step(
    query: torch.Tensor, layer: SlotLayer, cache: SlotCache, rule: AttentionRule, hidden: torch.Tensor | None
) -> torch.Tensor:
    """One token a row. Heads that share keys are rows of the same matrix product."""
    assert layer.slots is not None
    rows, heads, _, size = query.shape
    keys, values = (held[:rows, :, : cache.longest] for held in layer.slots)
    groups = keys.shape[1]
    grouped = query.reshape(rows, groups, heads // groups, size)
    scores = torch.matmul(grouped, keys.transpose(-1, -2))
    if layer.prefix is None:
        out = torch.matmul(rule.weights(scores, hidden), values)
    else:
        first_keys, first_values = layer.prefix[0][0], layer.prefix[1][0]
        shared = torch.matmul(_by_head(grouped), first_keys.transpose(-1, -2))
        weights = rule.weights(torch.cat([scores, _by_row(shared, rows)], dim=-1), hidden)
        out = torch.matmul(weights[..., : cache.longest], values)
        out = out + _by_row(torch.matmul(_by_head(weights[..., cache.longest :]), first_values), rows)
    return out.reshape(rows, heads, 1, -1)


def _by_head(block: torch.Tensor) -> torch.Tensor:
    """(rows, heads, queries, size) to (heads, rows * queries, size)."""
    return block.transpose(0, 1).flatten(1, 2)


def _by_row(block: torch.Tensor, rows: int) -> torch.Tensor:
    """Back from :func:`_by_head`."""
    return block.unflatten(1, (rows, -1)).transpose(0, 1)


def configs_of(module: torch.nn.Module) -> list[Any]:
    """The distinct config objects of a model and its parts.

    Args:
        module: The model.
    """
    configs = (getattr(part, "config", None) for part in module.modules())
    return list({id(config): config for config in configs if hasattr(config, "model_type")}.values())


def _register() -> None:
    """Make :func:`attend` known to transformers by its name."""
    if hasattr(transformers, "AttentionInterface"):
        transformers.AttentionInterface.register(NAME, attend)
        return
    # transformers before 4.51.
    known = getattr(transformers.modeling_utils, "ALL_ATTENTION_FUNCTIONS", None)
    if known is None:
        raise UnsupportedAttentionError("this release of transformers takes no attention function of others")
    known[NAME] = attend


@contextlib.contextmanager
def slots(cache: SlotCache, configs: Sequence[Any]) -> Iterator[None]:
    """Within, a model attends through a cache.

    Args:
        cache: The cache.
        configs: All config objects of the model (:func:`configs_of`).
    """
    _register()
    settings = [(config, attention_setting(config)) for config in configs]
    before = [(config, name, getattr(config, name)) for config, name in settings if name is not None]
    token = _current.set(cache)
    try:
        for config, name, _ in before:
            setattr(config, name, NAME)
        yield
    finally:
        for config, name, value in before:
            setattr(config, name, value)
        _current.reset(token)
