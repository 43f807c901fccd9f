"""``lm_eval.models.megatron_lm``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import LM
from proctor.compat.models.unsupported import unsupported

__all__ = ["MegatronLMEval"]

MegatronLMEval = unsupported("MegatronLMEval", LM, "Megatron engine", __name__)
