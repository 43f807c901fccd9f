"""``lm_eval.models.vllm_causallms``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import TemplateLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["VLLM"]

VLLM = unsupported("VLLM", TemplateLM, "vLLM engine", __name__)
