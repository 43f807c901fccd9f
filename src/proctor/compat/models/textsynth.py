"""``lm_eval.models.textsynth``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import LM
from proctor.compat.models.unsupported import unsupported

__all__ = ["TextSynthLM"]

TextSynthLM = unsupported("TextSynthLM", LM, "models behind an API", __name__)
