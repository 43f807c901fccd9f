"""Caches of our own: layers are made as models first use them, and hold what they are given."""

from __future__ import annotations

import torch

from proctor.models.hf.cache_base import CacheBase
from proctor.models.hf.scoring.kv_stack import StackLayer


def test_layers_are_made_as_they_are_used():
    cache = CacheBase(StackLayer)
    assert (len(cache), cache.get_seq_length()) == (0, 0)
    keys, values = torch.ones(1, 2, 3, 4), torch.zeros(1, 2, 3, 4)
    found = cache.update(keys, values, 1)
    assert torch.equal(found[0], keys)
    assert torch.equal(found[1], values)
    assert (len(cache), cache.get_seq_length(0), cache.get_seq_length(1), cache.get_seq_length(2)) == (2, 0, 3, 0)
    assert isinstance(cache.layers[0], StackLayer)
