"""Where models live: a table of kinds and one door, :func:`open_model`.

A model takes requests and yields responses (:class:`proctor.types.Model`); it knows
nothing of tasks or results. This module stays light, so that asking for a name costs
nothing: a kind's own module is imported when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from proctor.errors import ModelError
from proctor.foreign import ForeignExitError, no_exit
from proctor.lazy import load_attribute
from proctor.registry import Table
from proctor.types import Model

Opener = Callable[..., Model]
"""``open(args, *, batch_size, max_batch_size, device, threads) -> Model``."""

UNSUPPORTED = (
    *("anthropic-chat", "anthropic-chat-completions", "anthropic-completions", "ggml", "gguf", "habana"),
    *("hf-audiolm-qwen", "ipex", "litellm", "litellm-chat"),
    *("litellm-chat-completions", "local-chat-completions", "local-completions", "mamba_ssm", "megatron_lm"),
    *("nemo_lm", "neuronx", "onnxruntime", "onnxruntime-genai", "openai-chat-completions", "openai-completions"),
    *("openvino", "sglang", "sglang-generate", "steered", "textsynth", "trtllm", "vllm", "vllm-vlm"),
    *("watsonx_llm", "winml"),
)
"""Kinds of models that lm-eval 0.4.13 has and proctor has not yet."""

MODELS: Table[Opener] = Table(
    "model",
    {
        "hf": "proctor.models.hf:open_hf",
        "hf-auto": "proctor.models.hf:open_hf",
        "huggingface": "proctor.models.hf:open_hf",
        "hf-multimodal": "proctor.models.hf:open_hf_multimodal",
        "hf-mistral3": "proctor.models.hf:open_hf_multimodal",
        "dummy": "proctor.models.dummy:open_dummy",
    },
    group="proctor.models",
    unsupported=UNSUPPORTED,
)

LAZY = {
    "proctor.models.hf:open_hf": "proctor.models.hf:open_hf_lazily",
    "proctor.models.hf:open_hf_multimodal": "proctor.models.hf:open_hf_multimodal_lazily",
}
"""Openers that have a counterpart which reads no weights before the model is asked something."""


def open_model(
    name: str,
    args: Mapping[str, Any],
    *,
    batch_size: int | str | None = 1,
    max_batch_size: int | None = None,
    device: str | None = None,
    threads: int | None = None,
    lazily: bool = False,
) -> Model:
    """Open the model kind ``name`` with its ``--model_args``; ``lazily``: its weights as late as possible.

    ``batch_size``, ``max_batch_size`` and ``device`` may stand in ``args`` too: there they win
    over a keyword left at its default, and lose against one that says something else.
    """
    try:
        with no_exit():
            opener = cast(Opener, MODELS.get(name))
            if lazily:
                target = f"{getattr(opener, '__module__', '')}:{getattr(opener, '__name__', '')}"
                opener = cast(Opener, load_attribute(LAZY[target])) if target in LAZY else opener
            return opener(args, batch_size=batch_size, max_batch_size=max_batch_size, device=device, threads=threads)
    except ForeignExitError as error:
        raise ModelError(f"The model '{name}' cannot be opened: its code {error}.") from error
