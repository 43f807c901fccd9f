"""Notices NaN among the logits while transformers generates, whose search would take it for a token like any other."""

from __future__ import annotations

from typing import Any

import torch
from transformers import GenerationMixin, LogitsProcessor


class NanWatch(LogitsProcessor):
    """Remembers rows with NaN; where tokens are drawn, such a row is made even, for drawing from NaN ends the process.

    Args:
        rows: number of prompts of the batch; a beam search has several candidates for each, one after the other.
        drawn: whether tokens are sampled.
    """

    def __init__(self, rows: int, *, drawn: bool) -> None:
        self._rows = rows
        self._drawn = drawn
        self._seen: torch.Tensor | None = None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores as they are; shape (candidates, vocabulary)."""
        # The highest of a row is NaN as soon as one is: no need to look at each on the processor's side.
        broken = scores.amax(dim=-1).isnan()
        by_prompt = broken.reshape(self._rows, -1).any(dim=-1)
        self._seen = by_prompt if self._seen is None else self._seen | by_prompt
        return torch.where(broken[:, None], torch.zeros_like(scores), scores) if self._drawn else scores

    @property
    def broken(self) -> list[bool]:
        """By prompt, whether there was NaN."""
        return [False] * self._rows if self._seen is None else self._seen.tolist()


def is_watchable(module: Any) -> bool:
    """Whether a module generates by transformers' own means, which take a logits processor.

    Args:
        module: The model, as transformers or peft has loaded it.
    """
    base = module.get_base_model() if hasattr(module, "get_base_model") else module
    return getattr(type(base), "generate", None) is vars(GenerationMixin)["generate"]
