"""``lm_eval.models.gguf``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import LM
from proctor.compat.models.unsupported import unsupported

__all__ = ["GGUFLM"]

GGUFLM = unsupported("GGUFLM", LM, "engine for GGUF servers", __name__)
