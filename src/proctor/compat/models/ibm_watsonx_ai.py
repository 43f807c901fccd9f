"""``lm_eval.models.ibm_watsonx_ai``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import LM
from proctor.compat.models.unsupported import unsupported

__all__ = ["WatsonxLLM"]

WatsonxLLM = unsupported("WatsonxLLM", LM, "models behind an API", __name__)
