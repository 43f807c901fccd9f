"""Estimates of what one token costs, from a model's config: enough to size batches without probing."""

from __future__ import annotations

from typing import Any

from proctor.models.hf.attention import attention_kind


def _text_config(module: Any) -> Any:
    config = module.config
    return getattr(config, "text_config", None) or config


def _number(config: Any, *names: str, default: int) -> int:
    for name in names:
        value = getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return default


def _element_size(module: Any) -> int:
    dtype = getattr(module, "dtype", None)
    return getattr(dtype, "itemsize", 4)


def bytes_per_token(module: Any, width: int) -> int:
    """Activations of one token in a forward pass over rows of ``width`` tokens."""
    config = _text_config(module)
    hidden = _number(config, "hidden_size", "d_model", "n_embd", default=1024)
    inner = _number(config, "intermediate_size", "d_ff", "n_inner", "ffn_dim", default=4 * hidden)
    size = (10 * hidden + 4 * inner) * _element_size(module)
    if attention_kind(config) == "eager":
        # Scores of every head against the whole row, and their softmax in float32.
        size += 3 * 4 * width * _number(config, "num_attention_heads", "num_heads", "n_head", default=16)
    return size


def bytes_per_head_row(module: Any) -> int:
    """Logits of one position, and their log-softmax."""
    config = _text_config(module)
    return _number(config, "vocab_size", default=32000) * (_element_size(module) * 2 + 4)


def bytes_per_cached_token(module: Any) -> int:
    """Keys and values of one token in all layers."""
    config = _text_config(module)
    hidden = _number(config, "hidden_size", "d_model", "n_embd", default=1024)
    heads = _number(config, "num_attention_heads", "num_heads", "n_head", default=16)
    kv_heads = _number(config, "num_key_value_heads", default=heads)
    head = _number(config, "head_dim", "d_kv", default=max(1, hidden // heads))
    layers = _number(config, "num_hidden_layers", "num_layers", "n_layer", default=24)
    return 2 * layers * kv_heads * head * _element_size(module)
