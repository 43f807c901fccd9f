"""What caches of our own are built on: as little of transformers' as every release has.

Models ask a cache to store one layer's keys and values (``update``) and how many tokens it holds
(``get_seq_length``); since 4.54 a cache also has layers, which transformers asks about masks. So a
cache here is a ``DynamicCache`` (whose name and empty constructor are public) with layers of our
own, which derive from transformers' where there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch
from transformers import DynamicCache

if TYPE_CHECKING:
    from transformers.cache_utils import DynamicLayer as LayerBase
else:
    try:
        from transformers.cache_utils import DynamicLayer as LayerBase
    except ImportError:
        LayerBase = object

Layer = TypeVar("Layer", bound=LayerBase)


class CacheBase(DynamicCache, Generic[Layer]):
    """A cache whose layers ``make_layer`` makes as they are first used."""

    layers: list[Layer]  # type: ignore[assignment]

    def __init__(self, make_layer: Callable[[], Layer]) -> None:
        super().__init__()
        self.layers = []
        self._make_layer = make_layer

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store one layer's new keys and values; what attention is to see of that layer."""
        while len(self.layers) <= layer_idx:
            self.layers.append(self._make_layer())
        return self.layers[layer_idx].update(key_states, value_states)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """The tokens that a layer holds."""
        return self.layers[layer_idx].get_seq_length() if layer_idx < len(self.layers) else 0

    def __len__(self) -> int:
        """The number of layers."""
        return len(self.layers)
