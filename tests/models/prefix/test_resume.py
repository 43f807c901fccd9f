"""Which passes a run that goes on needs: those of missing requests, and those that they stand on."""

from __future__ import annotations

from proctor.models.prefix.packs import Limits
from proctor.models.prefix.plan import make_plan
from proctor.models.prefix.resume import head_groups, part_of


def test_passes_that_others_stand_on_are_kept():
    import numpy as np

    inputs = [np.array([1, 2, 3, 4, 5, 6, 7, 8, 10 + n, 20 + n, 30 + n], dtype=np.int32) for n in range(12)]
    packs = make_plan(inputs, [1] * 12, Limits(8, None, 8)).packs
    groups = head_groups(packs, 1)
    assert [number for group in groups for number in group] == list(range(len(packs)))
    missing = [False] * 11 + [True]
    found = part_of(packs, groups, missing)
    needs = {number for number, pack in enumerate(packs) if any(need.input == 11 for need in pack.needs)}
    assert {number for group, runs in zip(groups, found.runs, strict=True) if runs for number in group} >= needs
    assert 0 in found.support
    assert sum(found.runs) < len(groups)
