"""``lm_eval.models.mamba_lm``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.huggingface import HFLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["MambaLMWrapper"]

MambaLMWrapper = unsupported("MambaLMWrapper", HFLM, "engine for mamba_ssm", __name__)
