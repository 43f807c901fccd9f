"""``lm_eval.models.optimum_ipex``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.huggingface import HFLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["IPEXLM"]

IPEXLM = unsupported("IPEXLM", HFLM, "IPEX engine", __name__)
