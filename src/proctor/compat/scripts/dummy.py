"""``lm_eval.models.dummy``: the model without weights, as a class."""

from __future__ import annotations

from typing import Any

from proctor.compat.scripts.proctor_lm import ProctorLM
from proctor.compat.shipped import remember
from proctor.models.dummy import DummyModel


class DummyLM(ProctorLM):
    """Random log-likelihoods from the seed of :mod:`random`, and one text for all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(DummyModel())


remember(DummyLM)
