"""``lm_eval.models.sglang_causallms``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import TemplateLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["SGLangLM"]

SGLangLM = unsupported("SGLangLM", TemplateLM, "SGLang engine", __name__)
