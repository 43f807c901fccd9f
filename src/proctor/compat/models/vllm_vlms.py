"""``lm_eval.models.vllm_vlms``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.unsupported import unsupported
from proctor.compat.models.vllm_causallms import VLLM

__all__ = ["VLLM", "VLLM_VLM"]

VLLM_VLM = unsupported("VLLM_VLM", VLLM, "vLLM engine", __name__)
