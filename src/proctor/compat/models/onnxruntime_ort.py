"""``lm_eval.models.onnxruntime_ort``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models._onnx_base import _ONNXLMBase
from proctor.compat.models.unsupported import unsupported

__all__ = ["ONNXRuntimeLM"]

ONNXRuntimeLM = unsupported("ONNXRuntimeLM", _ONNXLMBase, "ONNX engine", __name__)
