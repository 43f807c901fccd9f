"""What a model's layers attend to, as its config says it: everything before, or a window of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

ALWAYS_ALIBI = ("bloom",)
"""Model types whose configs do not say that their attention is ALiBi."""
FULL, SLIDING = "full_attention", "sliding_attention"
ATTENTION_SETTING = "_attn_implementation_internal"


def text_config(module: Any) -> Any:
    """The config of the language model, also of one that sees images."""
    return getattr(module.config, "text_config", None) or module.config


def attention_setting(config: Any) -> str | None:
    """The attribute in which a config holds the name of its attention function, or None.

    It is private, so it is looked for by what it says if it is not where it always was.
    """
    own = vars(config)
    if ATTENTION_SETTING in own:
        return ATTENTION_SETTING
    return next((name for name in own if "attn" in name and own[name] in ("sdpa", "eager")), None)


def attention_kind(config: Any) -> str:
    """The attention function in use; ``eager`` where a config names none."""
    name = attention_setting(config) or "_attn_implementation"
    return getattr(config, name, None) or "eager"


def dtype_of(module: Any) -> torch.dtype:
    """What a module computes in: what it says, else what its weights are in."""
    import torch

    named = getattr(module, "dtype", None)
    if isinstance(named, torch.dtype):
        return named
    parameters = module.parameters() if hasattr(module, "parameters") else ()
    return next((one.dtype for one in parameters if one.is_floating_point()), torch.float32)


def layer_windows(config: Any) -> Mapping[str, int | None] | str:
    """Window in tokens by kind of layer (None: no bound), or what speaks against masks of our own.

    A token sees itself and the ``window - 1`` tokens before it, as transformers counts.
    """
    alibi = getattr(config, "alibi", False) or getattr(getattr(config, "attn_config", None), "alibi", False)
    if alibi or getattr(config, "model_type", None) in ALWAYS_ALIBI:
        return "ALiBi takes distances from the order of keys"
    if "local" in (getattr(config, "attention_layers", None) or ()):
        return "local layers take their window from the order of keys"
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ())
    if not kinds:
        kinds = {SLIDING} if window and getattr(config, "use_sliding_window", True) else {FULL}
    unknown = kinds - {FULL, SLIDING}
    if unknown:
        return f"layers of kind {', '.join(sorted(unknown))}"
    if SLIDING in kinds and not window:
        return "layers with a window of unknown size"
    if SLIDING in kinds and importlib.util.find_spec("transformers.masking_utils") is None:
        # Before 4.53 layers cut their window out of whatever mask they get, and the probe need not be long enough.
        return "layers take their windows from the order of keys in this release of transformers"
    return {kind: window if kind == SLIDING else None for kind in sorted(kinds)}


def changing_positions(config: Any, longest: int) -> str | None:
    """Whether the positions of a token change with the length of the whole input, or None."""
    parameters = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    nested = [one for one in parameters.values() if isinstance(one, Mapping)]
    for rope in nested or [parameters]:
        kind = rope.get("rope_type") or rope.get("type")
        trained = rope.get("original_max_position_embeddings") or getattr(
            config, "original_max_position_embeddings", None
        )
        trained = trained or getattr(config, "max_position_embeddings", 0)
        if kind in ("dynamic", "longrope", "su") and longest > trained:
            return f"positions of kind {kind} change with the length beyond {trained} tokens"
    return None
