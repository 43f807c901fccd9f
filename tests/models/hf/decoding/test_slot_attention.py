"""Attention over slots stands in for a model's own, and only while it is used."""

from __future__ import annotations

import pytest
import torch
from tiny_texts import tiny

from proctor.models.hf.decoding.kv_slots import SlotCache
from proctor.models.hf.decoding.slot_attention import slots


def test_slots_leave_a_model_as_it_was():
    module = tiny("llama", 0)
    before = module.config._attn_implementation
    with pytest.raises(ValueError, match="inside"), slots(SlotCache(1, 4, torch.device("cpu")), [module.config]):
        assert module.config._attn_implementation != before
        raise ValueError("inside")
    assert module.config._attn_implementation == before
