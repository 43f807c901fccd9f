"""The table of kinds of models: everything that the rest of proctor may know of a kind stands in its row.

Nobody outside :mod:`proctor.models` names a kind. A new engine is a row here, a folder beside this file and a
page of the documentation. Targets are ``"module:attribute"`` texts, so that asking for a name imports nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from proctor.lazy import load_attribute
from proctor.models.protocols import Model
from proctor.registry import Table

Opener = Callable[..., Model]
"""``open(args, *, batch_size, max_batch_size, device, threads) -> Model``."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """One kind of models.

    Attributes:
        open: What opens a model of this kind, with its weights.
        open_lazily: The same, but weights are read when the model is first asked something; None: as ``open``.
        open_tokenizer: From model arguments to the :class:`~proctor.models.tokens.tokenizer.Tokens` of a model,
            without its weights; None: there is no tokenizer apart from the model.
        required: Model arguments without which nothing can be opened.
        batch_invariant: Whether a document's scores can be kept free of whatever else is in its batch.
        computes_here: Whether proctor's own engine computes its responses, so that passes can be planned before a run.
        messages: Whether a chat reaches the model as messages (:data:`~proctor.messages.Prompt`) where texts are
            generated under ``--apply_chat_template``; else, and for scores, as the text that its ``render`` gives.
        scores: Whether it gives log-probabilities of continuations that are given to it; without them, options are
            shown with labels and the model chooses one (:class:`~proctor.types.Choose`).
        chooses: Whether it responds to such requests.
        served: Whether each request goes to a server, and may cost money: nothing is sent to try something out.
        strict: Model arguments under ``--strict_lm_eval``; what a user gives wins.
        copies: A model argument that says how many copies of the model respond together; None: there is none.
        devices: Model arguments whose product is the number of GPUs of one copy.
    """

    open: str | Opener
    open_lazily: str | None = None
    open_tokenizer: str | None = None
    required: tuple[str, ...] = ()
    batch_invariant: bool = False
    computes_here: bool = False
    messages: bool = False
    scores: bool = True
    chooses: bool = False
    served: bool = False
    strict: Mapping[str, Any] = field(default_factory=dict)
    copies: str | None = None
    devices: tuple[str, ...] = ()

    def devices_of(self, args: Mapping[str, Any]) -> int:
        """How many GPUs one copy of a model takes, where there are some; 0 where it computes elsewhere.

        Args:
            args: Its arguments.
        """
        if self.served:
            return 0
        given = (str(args.get(name) or 1) for name in self.devices)
        return math.prod(int(value) if value.isdecimal() else 1 for value in given)

    def opener(self, *, lazily: bool = False) -> Opener:
        """The function that opens a model; its module is imported now.

        Args:
            lazily: The one that reads weights late, where there is one.
        """
        target = (self.open_lazily if lazily else None) or self.open
        return cast(Opener, load_attribute(target) if isinstance(target, str) else target)


_HF = "proctor.models.hf"
_HF_FEATURES: Mapping[str, Any] = {
    "open_tokenizer": f"{_HF}:open_hf_tokenizer",
    "required": ("pretrained",),
    "batch_invariant": True,
    "computes_here": True,
    "strict": {"logits_cache": "lm_eval", "scoring": "plain"},
}
TRANSFORMERS = ModelKind(f"{_HF}:open_hf", f"{_HF}:open_hf_lazily", **_HF_FEATURES)
MULTIMODAL = ModelKind(f"{_HF}:open_hf_multimodal", f"{_HF}:open_hf_multimodal_lazily", **_HF_FEATURES)

_VLLM = "proctor.models.vllm"
_VLLM_FEATURES: Mapping[str, Any] = {
    "open_tokenizer": f"{_VLLM}:open_vllm_tokenizer",
    "required": ("pretrained",),
    "strict": {"scoring": "plain"},
    "copies": "data_parallel_size",
    "devices": ("tensor_parallel_size", "pipeline_parallel_size"),
}
VLLM = ModelKind(f"{_VLLM}:open_vllm", f"{_VLLM}:open_vllm_lazily", **_VLLM_FEATURES)
VLLM_MULTIMODAL = ModelKind(f"{_VLLM}:open_vllm_multimodal", f"{_VLLM}:open_vllm_multimodal_lazily", **_VLLM_FEATURES)

_HTTP = "proctor.models.http"
_COMPLETIONS: Mapping[str, Any] = {
    "open_tokenizer": f"{_HTTP}:open_api_tokenizer",
    "required": ("model",),
    "served": True,
    "strict": {"scoring": "echo"},
}
_CHAT: Mapping[str, Any] = {
    "required": ("model",),
    "served": True,
    "messages": True,
    "scores": False,
    "chooses": True,
}
GGUF = ModelKind(
    f"{_HTTP}.gguf:open_gguf", open_tokenizer=f"{_HTTP}.gguf:open_gguf_tokenizer", required=("base_url",), served=True
)
ANTHROPIC = ModelKind(f"{_HTTP}:open_anthropic", **_CHAT)
LITELLM = ModelKind(f"{_HTTP}:open_litellm", **_CHAT)

UNSUPPORTED = (
    *("habana", "hf-audiolm-qwen", "ipex", "mamba_ssm", "megatron_lm"),
    *("nemo_lm", "neuronx", "onnxruntime", "onnxruntime-genai"),
    *("openvino", "steered", "textsynth", "trtllm"),
    *("watsonx_llm", "winml"),
)
"""Kinds of models that lm-eval 0.4.13 has and proctor has not yet."""

MODELS: Table[ModelKind | Opener] = Table(
    "model",
    {
        "hf": TRANSFORMERS,
        "hf-auto": TRANSFORMERS,
        "huggingface": TRANSFORMERS,
        "hf-multimodal": MULTIMODAL,
        "hf-mistral3": MULTIMODAL,
        "vllm": VLLM,
        "vllm-vlm": VLLM_MULTIMODAL,
        "local-completions": ModelKind(f"{_HTTP}:open_local_completions", **_COMPLETIONS),
        "openai-completions": ModelKind(
            f"{_HTTP}:open_openai_completions", **{**_COMPLETIONS, "open_tokenizer": f"{_HTTP}:open_openai_tokenizer"}
        ),
        "local-chat-completions": ModelKind(f"{_HTTP}:open_local_chat", **_CHAT),
        "openai-chat-completions": ModelKind(f"{_HTTP}:open_openai_chat", **_CHAT),
        "azure-openai-chat-completions": ModelKind(f"{_HTTP}:open_azure_chat", **{**_CHAT, "required": ()}),
        "gguf": GGUF,
        "ggml": GGUF,
        "sglang": ModelKind(
            f"{_HTTP}.sglang_server:open_sglang",
            open_tokenizer=f"{_HTTP}.sglang_server:open_sglang_tokenizer",
            required=("pretrained",),
        ),
        "sglang-generate": ModelKind(f"{_HTTP}.sglang:open_sglang_generate", **_COMPLETIONS),
        "anthropic": ANTHROPIC,
        "anthropic-chat": ANTHROPIC,
        "anthropic-chat-completions": ANTHROPIC,
        "anthropic-completions": ANTHROPIC,
        "litellm": LITELLM,
        "litellm-chat": LITELLM,
        "litellm-chat-completions": LITELLM,
        "dummy": ModelKind("proctor.models.dummy:open_dummy"),
    },
    group="proctor.models",
    unsupported=UNSUPPORTED,
)
"""By name. Plugins and scripts add what opens a model, alone."""


def model_kind(name: str) -> ModelKind:
    """The row of a kind of models.

    Args:
        name: The name of the kind.

    Raises:
        UnknownNameError: There is no such kind.
    """
    row = MODELS.get(name)
    return row if isinstance(row, ModelKind) else ModelKind(row)


def declared_kind(name: str) -> ModelKind:
    """What is declared of a kind; nothing of a plugin, which is not imported for that, nor of an unknown name.

    Args:
        name: The name of a kind.
    """
    row = MODELS.row(name)
    # Settings are checked by this: no plugin's code may run for that.
    return row if isinstance(row, ModelKind) else ModelKind("")
