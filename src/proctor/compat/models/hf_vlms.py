"""``lm_eval.models.hf_vlms``: ``HFLM``, and the class of models that see, which cannot be made yet."""

from __future__ import annotations

from proctor.compat.models.huggingface import HFLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["DEFAULT_IMAGE_PLACEHOLDER", "HFLM", "HFMultimodalLM"]

DEFAULT_IMAGE_PLACEHOLDER = "<image>"

HFMultimodalLM = unsupported("HFMultimodalLM", HFLM, "models that see", __name__)
