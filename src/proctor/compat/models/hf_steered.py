"""``lm_eval.models.hf_steered``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.huggingface import HFLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["SteeredModel"]

SteeredModel = unsupported("SteeredModel", HFLM, "steered models", __name__)
