"""The attention mask of a pass over the trie."""

from __future__ import annotations

import torch

from proctor.models.hf.transfers import send
from proctor.models.prefix.packs import Pack, places, reach


def mask_of(pack: Pack, window: int | None, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Who sees whom in a pass, as attention adds it.

    Args:
        pack: The pass.
        window: Positions that a token sees, itself included; None: no bound.
        device: Where the mask is made.
        dtype: What attention is computed in.

    Returns:
        Shape (1, 1, tokens, past + tokens): 0 where a token attends, the least number of ``dtype`` elsewhere.
    """
    at = torch.arange(pack.tokens, device=device)
    hidden = (at[None, :] > at[:, None]) | (at[:, None] >= send(torch.from_numpy(reach(pack)), device)[None, :])
    hidden = torch.nn.functional.pad(hidden, (pack.past, 0))
    if window is not None:
        here = send(torch.from_numpy(places(pack)), device)
        keys = torch.cat([torch.arange(pack.past, device=device), here])
        hidden |= keys[None, :] <= here[:, None] - window
    mask = torch.zeros(hidden.shape, dtype=dtype, device=device)
    return mask.masked_fill_(hidden, torch.finfo(dtype).min)[None, None]
