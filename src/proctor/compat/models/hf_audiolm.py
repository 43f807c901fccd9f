"""``lm_eval.models.hf_audiolm``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.huggingface import HFLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["HFAUDIOLMQWEN", "HFLM"]

HFAUDIOLMQWEN = unsupported("HFAUDIOLMQWEN", HFLM, "models that hear", __name__)
