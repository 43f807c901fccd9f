"""``lm_eval.models.winml``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.onnxruntime_genai import ONNXRuntimeGenAILM
from proctor.compat.models.unsupported import unsupported

__all__ = ["WindowsML"]

WindowsML = unsupported("WindowsML", ONNXRuntimeGenAILM, "ONNX engine", __name__)
