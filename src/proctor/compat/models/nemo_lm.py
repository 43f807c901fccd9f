"""``lm_eval.models.nemo_lm``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import LM
from proctor.compat.models.unsupported import unsupported

__all__ = ["NeMoLM"]

NeMoLM = unsupported("NeMoLM", LM, "NeMo engine", __name__)
