"""``lm_eval.models.trtllm_causallms``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import TemplateLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["TRTLLM"]

TRTLLM = unsupported("TRTLLM", TemplateLM, "TensorRT-LLM engine", __name__)
