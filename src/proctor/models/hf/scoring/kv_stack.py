"""Keys and values of the current path: a cache that grows in place and is cut back without copying."""

from __future__ import annotations

from typing import Any

import torch

from proctor.models.hf.cache_base import CacheBase, LayerBase


class StackLayer(LayerBase):
    """One layer's keys and values, of shape (1, heads, capacity, size), filled up to ``length``."""

    is_croppable = False

    def __init__(self) -> None:
        super().__init__()
        self.length = 0
        self._keys: torch.Tensor | None = None
        self._values: torch.Tensor | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append new keys and values and return all of them, as views.

        Args:
            key_states: Shape (1, heads, new tokens, size).
            value_states: The same.
            *args: Not looked at.
            **kwargs: Not looked at.
        """
        self.is_initialized = True
        stop = self.length + key_states.shape[-2]
        self._keys = _put(self._keys, key_states, self.length, stop)
        self._values = _put(self._values, value_states, self.length, stop)
        self.length = stop
        return self._keys[..., :stop, :], self._values[..., :stop, :]

    def get_seq_length(self) -> int:
        """Tokens held."""
        return self.length


def _put(held: torch.Tensor | None, new: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Write ``new`` at ``start`` .. ``stop``, in a larger buffer if need be."""
    if held is None or stop > held.shape[-2]:
        grown = new.new_empty((*new.shape[:-2], max(stop, 2 * start), new.shape[-1]))
        if held is not None:
            grown[..., :start, :] = held[..., :start, :]
        held = grown
    held[..., start:stop, :] = new
    return held


class StackCache(CacheBase[StackLayer]):
    """A stack of tokens over all layers."""

    def __init__(self) -> None:
        super().__init__(StackLayer)

    def cut(self, length: int) -> None:
        """Forget all but the first tokens.

        Args:
            length: Tokens that stay, at most as many as there are.
        """
        for layer in self.layers:
            layer.length = length
