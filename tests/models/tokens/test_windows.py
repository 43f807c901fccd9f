"""What of a text a model takes: truncation at the left, and the windows of a whole text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.models.tokens.windows import last_tokens, rolling_windows, scored_input

texts = st.lists(st.integers(0, 9), min_size=1, max_size=20)


@given(tokens=texts, limit=st.integers(1, 25))
def test_an_input_is_what_stands_before_the_last_token_within_the_limit(tokens, limit):
    taken = scored_input(tokens, limit)
    assert len(taken) == min(len(tokens) - 1, limit)
    assert tokens[:-1][len(tokens) - 1 - len(taken) :] == taken
    assert scored_input(np.array(tokens, dtype=np.int32), limit).tolist() == taken


@given(tokens=texts, limit=st.integers(1, 25))
def test_a_truncated_text_loses_its_beginning_and_nothing_else(tokens, limit):
    taken = last_tokens(tokens, limit)
    assert len(taken) == min(len(tokens), limit)
    assert tokens[len(tokens) - len(taken) :] == taken


def test_the_windows_of_the_specification():
    windows = rolling_windows(list(range(10)), prefix=100, max_length=4)
    assert windows == [([100], [0, 1, 2, 3]), ([3], [4, 5, 6, 7]), ([5, 6, 7], [8, 9])]


@given(tokens=st.lists(st.integers(0, 9), max_size=60), limit=st.integers(1, 12))
def test_windows_partition_the_text_and_fit(tokens, limit):
    windows = rolling_windows(tokens, prefix=-1, max_length=limit)
    assert [token for _, scored in windows for token in scored] == tokens
    text, done = [-1, *tokens], 1
    for context, scored in windows:
        assert context
        assert scored
        assert len(context) + len(scored) - 1 <= limit
        assert text[done - len(context) : done] == context
        done += len(scored)


def test_windows_need_room():
    with pytest.raises(UsageError, match="max_length"):
        rolling_windows([1], prefix=0, max_length=0)
