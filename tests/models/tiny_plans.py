"""Inputs that share a lot, limits of passes, and who sees whom in one."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from proctor.models.prefix.packs import Limits, Pack, places


@st.composite
def exams(draw):
    """Inputs as branching texts over a tiny alphabet, so that they share a lot, and what each needs."""
    stems = draw(st.lists(st.lists(st.integers(0, 2), max_size=12), min_size=1, max_size=4))
    tails = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.lists(st.integers(0, 3), min_size=1, max_size=8)), min_size=1, max_size=20
        )
    )
    inputs = [np.array([*stems[stem % len(stems)], *tail], dtype=np.int32) for stem, tail in tails]
    counts = [draw(st.integers(1, len(tokens))) for tokens in inputs]
    return inputs, counts


@st.composite
def limits(draw):
    tokens = draw(st.integers(1, 40))
    return Limits(tokens, draw(st.none() | st.integers(1, 5)), draw(st.integers(1, 30)))


def visible(pack: Pack, window: int | None = None):
    """Who sees whom, by the edges' parents: shape (tokens, past + tokens)."""
    mask = np.zeros((pack.tokens, pack.past + pack.tokens), dtype=bool)
    mask[:, : pack.past] = True
    for edge in pack.edges:
        stop = edge.start + edge.length
        mask[edge.start : stop, pack.past + edge.start : pack.past + stop] = np.tri(edge.length, dtype=bool)
        above = edge.parent
        while above >= 0:
            start = pack.past + pack.edges[above].start
            mask[edge.start : stop, start : start + pack.edges[above].length] = True
            above = pack.edges[above].parent
    if window is not None:
        keys = np.concatenate([np.arange(pack.past), places(pack)])
        mask &= keys[None, :] > places(pack)[:, None] - window
    return mask


def distinct_prefixes(inputs):
    return len({tuple(tokens[: stop + 1]) for tokens in inputs for stop in range(len(tokens))})
