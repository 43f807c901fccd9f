"""``lm_eval.models.optimum_lm``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.huggingface import HFLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["OptimumLM"]

OptimumLM = unsupported("OptimumLM", HFLM, "OpenVINO engine", __name__)
