"""Models of Hugging Face transformers, causal and encoder-decoder.

This door is light: torch and transformers are imported when a model is opened, and their
absence is a sentence.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proctor.lazy import need

if TYPE_CHECKING:
    from proctor.models.hf.lazy import LazyHf
    from proctor.models.hf.model import HfModel
    from proctor.models.tokens.tokenizer import Tokens

log = logging.getLogger("proctor")

MEDIA_KEYS = frozenset(
    {
        *("image_token_id", "image_string", "interleave", "max_images", "convert_img_format"),
        *("min_pixels", "max_pixels", "image_width", "image_height", "image_max_side"),
    }
)
"""Model arguments of lm-eval's ``hf-multimodal`` that say how images are shown."""

SPINS = "3000"
"""How long an idle CPU thread waits busily for the next one. Torch's default is 100 times longer: where
other programs want the cores too, a pass then takes five times as long (measured: 4 threads, 4 busy cores)."""


def open_hf(args: Mapping[str, Any], **run: Any) -> HfModel:
    """Load tokenizer and weights; ``args`` are lm-eval's ``--model_args`` for ``hf``."""
    _get_ready()
    from proctor.models.hf.load.load import load_model

    return load_model(args, **run)


def open_hf_lazily(args: Mapping[str, Any], **run: Any) -> LazyHf:
    """The same without the weights: they are read when the model is asked something."""
    _get_ready()
    from proctor.models.hf.lazy import open_lazily

    return open_lazily(args, **run)


def open_hf_tokenizer(args: Mapping[str, Any]) -> Tokens:
    """Tokenizer and config only: for looking at prompts."""
    need("torch", extra="hf")
    need("transformers", extra="hf")
    from proctor.models.hf.load.load import open_tokens

    return open_tokens(without_media(args))


def open_hf_multimodal(args: Mapping[str, Any], **run: Any) -> HfModel:
    """A model that sees images, for tasks of text; what lm-eval lets one say of images has no effect on these."""
    return open_hf(without_media(args), **run)


def open_hf_multimodal_lazily(args: Mapping[str, Any], **run: Any) -> LazyHf:
    """The same without the weights."""
    return open_hf_lazily(without_media(args), **run)


def without_media(args: Mapping[str, Any]) -> dict[str, Any]:
    """Model arguments without those about images."""
    return {key: value for key, value in args.items() if key not in MEDIA_KEYS}


def _get_ready() -> None:
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    if "torch" not in sys.modules:
        # Several seconds, and many more from a cold disk, in which nothing else would be said.
        log.info("Importing torch and transformers ...")
    need("torch", extra="hf")
    need("transformers", extra="hf")
    from proctor.models.hf.deferred_imports import import_transformers

    import_transformers()
