"""Token ids, and how much of them two inputs share: the one home of prefix comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
"""Token ids of one text or input, shape (tokens,)."""


def common_prefix(first: Ids, second: Ids) -> int:
    """How many tokens two inputs share from their beginning.

    Args:
        first: Token ids.
        second: Token ids.
    """
    size = min(len(first), len(second))
    differ = first[:size] != second[:size]
    place = int(differ.argmax()) if size else 0
    return place if size and differ[place] else size
