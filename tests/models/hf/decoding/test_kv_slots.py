"""Slots: what rows hold while others come and go, and which columns a step hides from them."""

from __future__ import annotations

import pytest
import torch

from proctor.models.hf.decoding.kv_slots import SlotCache


def filled(*rows: list[float], prefix: int = 2) -> SlotCache:
    """A cache whose slots hold these numbers, behind a prefix of so many tokens."""
    cache = SlotCache(4, 6, torch.device("cpu"))
    if prefix:
        cache.begin_prefix(prefix)
        cache.update(*2 * (torch.full((1, 1, prefix, 1), 9.0),), 0)
    fill(cache, *rows)
    return cache


def fill(cache: SlotCache, *rows: list[float]) -> None:
    cache.begin_fill([len(row) for row in rows])
    longest = max(map(len, rows))
    padded = torch.tensor([row + [-1.0] * (longest - len(row)) for row in rows])[:, None, :, None]
    cache.update(padded, 10 * padded, 0)


def step(cache: SlotCache, *tokens: float) -> None:
    cache.begin_step()
    new = torch.tensor(tokens)[:, None, None, None]
    cache.update(new, 10 * new, 0)


def rows_of(cache: SlotCache) -> list[list[float]]:
    keys, values = cache.layers[0].slots
    assert torch.equal(values, 10 * keys)
    return [keys[row, 0, :length, 0].tolist() for row, length in enumerate(cache.lengths)]


def test_a_step_appends_to_each_row_over_its_padding():
    cache = filled([1.0, 2.0, 3.0], [4.0])
    assert (cache.lengths, cache.get_seq_length()) == ([3, 1], 5)
    step(cache, 5.0, 6.0)
    step(cache, 7.0, 8.0)
    assert rows_of(cache) == [[1.0, 2.0, 3.0, 5.0, 7.0], [4.0, 6.0, 8.0]]
    assert cache.layers[0].prefix[0].tolist() == [[[[9.0], [9.0]]]]


@pytest.mark.parametrize(
    ("row", "left"), [(0, [[4.0, 5.0], [2.0, 3.0]]), (1, [[1.0], [4.0, 5.0]]), (2, [[1.0], [2.0, 3.0]])]
)
def test_the_last_row_moves_into_a_slot_that_is_freed(row, left):
    cache = filled([1.0], [2.0, 3.0], [4.0, 5.0])
    cache.drop(row)
    assert rows_of(cache) == left
    fill(cache, [6.0, 7.0, 8.0])
    assert rows_of(cache) == [*left, [6.0, 7.0, 8.0]]


def test_unused_columns_hold_zeros():
    """0 * NaN would be NaN."""
    keys, _ = filled([1.0]).layers[0].slots
    assert keys.shape == (4, 1, 6, 1)
    assert keys[1:].tolist() == torch.zeros(3, 1, 6, 1).tolist()


def test_a_step_hides_the_columns_beyond_each_row():
    cache = filled([1.0, 2.0, 3.0], [4.0])
    step(cache, 5.0, 6.0)
    assert cache.mask(None)[:, 0, 0].tolist() == [[False, False, False, False], [False, False, True, True]]


def test_rows_of_one_length_need_no_mask():
    cache = filled([1.0], [2.0])
    step(cache, 3.0, 4.0)
    assert cache.mask(None) is None
    assert cache.mask(4) is None


def test_a_window_hides_what_lies_farther_back_in_slot_and_prefix():
    """Positions: the prefix is 0 and 1, a row's columns are 2, 3 and so on; a token sees itself and two before it."""
    cache = filled([1.0, 2.0, 3.0], [4.0])
    step(cache, 5.0, 6.0)
    (first, second) = cache.mask(3)[:, 0, 0].tolist()
    assert first == [True, False, False, False, True, True]
    assert second == [False, False, True, True, True, False]


def test_new_rows_see_the_prefix_and_what_is_before_them():
    cache = filled([1.0, 2.0])
    assert cache.mask(None).tolist() == [[False, False, False, True], [False, False, False, False]]
    assert cache.mask(2).tolist() == [[True, False, False, True], [True, True, False, False]]


def test_a_prefix_is_masked_as_any_text():
    cache = SlotCache(1, 4, torch.device("cpu"))
    cache.begin_prefix(3)
    assert cache.mask(None) is None
    assert cache.mask(3) is None
    assert cache.mask(2).tolist() == [[False, True, True], [False, False, True], [True, False, False]]
