"""``lm_eval.models._onnx_base``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import TemplateLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["_ONNXLMBase"]

_ONNXLMBase = unsupported("_ONNXLMBase", TemplateLM, "ONNX engine", __name__)
