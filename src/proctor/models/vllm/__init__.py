"""vLLM in this process: causal models on a GPU (or, slowly, a CPU).

This door is light: vllm, torch and transformers are imported when a model is opened or loaded, and their absence is
a sentence.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proctor.errors import UsageError
from proctor.lazy import need, need_installed
from proctor.models.hf import without_media

if TYPE_CHECKING:
    from proctor.models.tokens.tokenizer import Tokens
    from proctor.models.vllm.lazy import LazyVllm


def open_vllm(args: Mapping[str, Any], **run: Any) -> LazyVllm:
    """Start an engine; ``args`` are lm-eval's ``--model_args`` for ``vllm``."""
    model = open_vllm_lazily(args, **run)
    model.load()
    return model


def open_vllm_lazily(args: Mapping[str, Any], **run: Any) -> LazyVllm:
    """The same without the engine: it starts when the model is first asked something."""
    _refuse_child()
    _get_ready()
    from proctor.models.vllm.lazy import open_lazily

    return open_lazily(args, **run)


def open_vllm_tokenizer(args: Mapping[str, Any]) -> Tokens:
    """Tokenizer and config only: for looking at prompts. vLLM itself need not be there."""
    need("torch", extra="vllm")
    need("transformers", extra="vllm")
    from proctor.models.vllm.load import open_tokens

    return open_tokens(without_media(args))


def open_vllm_multimodal(args: Mapping[str, Any], **run: Any) -> LazyVllm:
    """A model that sees images, for tasks of text; what lm-eval lets one say of images has no effect on these."""
    return open_vllm(without_media(args), **run)


def open_vllm_multimodal_lazily(args: Mapping[str, Any], **run: Any) -> LazyVllm:
    """The same without the engine."""
    return open_vllm_lazily(without_media(args), **run)


def _get_ready() -> None:
    need_installed("vllm", extra="vllm")
    need("torch", extra="vllm")
    need("transformers", extra="vllm")


def _refuse_child() -> None:
    """End, with one sentence, a process that vLLM started and that imports the script which opens the model."""
    # The engine's processes import the main script again (multiprocessing's "spawn"). Without a guard it would open
    # the model once more, and multiprocessing answer with a page of traceback.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        # This process ends with what is raised here, and the trace of it would be of multiprocessing's own code.
        sys.tracebacklimit = 0
        raise UsageError(
            "vLLM starts processes that import the main script again, and this one evaluates when it is imported.",
            hint='Put its code under `if __name__ == "__main__":`.',
        )
