"""How many tokens two inputs share."""

from __future__ import annotations

from itertools import takewhile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.models.prefix.ids import common_prefix


def ids(values):
    return np.array(values, dtype=np.int32)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ([], [], 0),
        ([], [1], 0),
        ([1], [2], 0),
        ([2], [1], 0),
        ([1], [1, 2], 1),
        ([1, 2], [1, 3], 1),
        ([1, 2], [1, 2, 3], 2),
        ([1, 2, 4], [1, 2, 3], 2),
    ],
)
def test_common_prefix(first, second, shared):
    assert common_prefix(ids(first), ids(second)) == shared


few = st.lists(st.integers(0, 1), max_size=12)


@given(few, few)
def test_common_prefix_is_that_of_lists(first, second):
    equal = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    assert common_prefix(ids(first), ids(second)) == len(list(equal))
