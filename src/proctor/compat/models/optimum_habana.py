"""``lm_eval.models.optimum_habana``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.huggingface import HFLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["HabanaLM"]

HabanaLM = unsupported("HabanaLM", HFLM, "engine for Habana devices", __name__)
