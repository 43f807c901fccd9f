"""Keys and values of a path: what attention sees is what was appended and not cut, in order."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from proctor.models.hf.scoring.kv_stack import StackCache


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=12))
def test_a_stack_holds_what_a_list_would(steps):
    """Each step cuts to a length, as far as there is anything, and appends."""
    cache, held, number = StackCache(), [], 0.0
    for length, count in steps:
        cache.cut(min(length, len(held)))
        del held[length:]
        new = torch.arange(number, number + count)
        number += count
        held.extend(new.tolist())
        keys = new[None, None, :, None].expand(1, 2, count, 3)
        for layer in range(2):
            seen, values = cache.update(keys, -keys, layer)
            assert seen.shape == values.shape == (1, 2, len(held), 3)
            assert seen[0, 1, :, 2].tolist() == held
            assert torch.equal(values, -seen)
            assert cache.get_seq_length(layer) == len(held)


def test_nothing_is_copied_while_there_is_room():
    cache = StackCache()
    new = torch.ones(1, 1, 4, 2)
    cache.update(new, new, 0)
    grown, _ = cache.update(new, new, 0)
    cache.cut(4)
    again, _ = cache.update(2 * new, new, 0)
    assert again.data_ptr() == grown.data_ptr()
    assert again[0, 0, :, 0].tolist() == [1.0] * 4 + [2.0] * 4
