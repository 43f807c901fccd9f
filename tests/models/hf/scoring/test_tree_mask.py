"""The mask of a pass is who sees whom in its plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_plans import exams, limits, visible

from proctor.models.prefix.plan import make_plan


@given(exams(), limits(), st.none() | st.integers(1, 12))
def test_the_executors_mask_is_the_plans(exam, limit, window):
    torch = pytest.importorskip("torch")
    from proctor.models.hf.scoring.tree_mask import mask_of

    for pack in make_plan(*exam, limit).packs:
        mask = mask_of(pack, window, torch.device("cpu"), torch.float32)
        assert mask.shape == (1, 1, pack.tokens, pack.past + pack.tokens)
        assert ((mask[0, 0] == 0).numpy() == visible(pack, window)).all()
