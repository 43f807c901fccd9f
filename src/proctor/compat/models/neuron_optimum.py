"""``lm_eval.models.neuron_optimum``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import TemplateLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["NEURON_HF"]

NEURON_HF = unsupported("NEURON_HF", TemplateLM, "engine for Neuron devices", __name__)
