"""Padding, dtypes and stopping, for classes derived from HFLM."""

from __future__ import annotations

import pytest
import torch

from proctor.compat.scripts.torch_helpers import (
    MultiTokenEOSCriteria,
    get_dtype,
    pad_and_concat,
    stop_sequences_criteria,
)
from proctor.errors import UsageError


class Letters:
    """A token is a letter."""

    def encode(self, text, add_special_tokens=False, **_):
        return [ord(letter) for letter in text]

    def batch_decode(self, rows, **_):
        return ["".join(map(chr, row)) for row in rows]

    def decode(self, row, **_):
        return "".join(map(chr, row))


@pytest.mark.parametrize(("side", "block"), [("right", [[1, 2, 0], [3, 0, 0]]), ("left", [[0, 1, 2], [0, 0, 3]])])
def test_rows_are_filled_with_zeros_on_one_side(side, block):
    rows = [torch.tensor([1, 2]), torch.tensor([[3]])]
    found = pad_and_concat(3, rows, padding_side=side)
    assert found.tolist() == block
    assert found.dtype == torch.long


def test_a_row_that_is_too_long_is_refused():
    with pytest.raises(RuntimeError):
        pad_and_concat(1, [torch.tensor([1, 2])])


@pytest.mark.parametrize(
    ("name", "dtype"), [("float16", torch.float16), ("auto", "auto"), (torch.bfloat16, torch.bfloat16)]
)
def test_a_dtype_from_its_name(name, dtype):
    assert get_dtype(name) == dtype


def test_a_dtype_that_there_is_not():
    with pytest.raises(UsageError, match="dtype"):
        get_dtype("float17")


def test_one_criterion_for_each_stop_string():
    criteria = stop_sequences_criteria(Letters(), ["ab", "."], 0, 2)
    assert [type(one) for one in criteria] == [MultiTokenEOSCriteria] * 2


def test_it_stops_when_every_row_has_spelled_its_string():
    stop = MultiTokenEOSCriteria("ab", Letters(), 1, 2)

    def spelled(*texts):
        return bool(torch.as_tensor(stop(torch.tensor([list(map(ord, text)) for text in texts]), None)).all())

    assert not spelled("xcab", "xccc")
    # A row that has stopped stays so.
    assert spelled("xcabz", "xccab")
