"""A score against a floor: bounds decide where there are any, the value alone where there are none."""

from __future__ import annotations

import pytest

from proctor.analysis.gate_floor import floor_check
from proctor.analysis.gate_report import State
from proctor.analysis.run_audit import ScoreAudit
from proctor.stats.intervals import wilson_interval

ACC = ("acc", "none")
METHODS = {
    "wilson": ScoreAudit(ACC, 0.7, 1000, wilson_interval(700, 1000), "wilson"),
    "sequence": ScoreAudit(ACC, 0.7, 1000, (0.66, 0.74), "sequence"),
    "t": ScoreAudit(("f1", "none"), 0.7, 1000, (0.67, 0.73), "t"),
}


@pytest.mark.parametrize("score", METHODS.values(), ids=list(METHODS))
def test_bounds_decide(score):
    passed, unknown, failed = (floor_check(score, least, 0.05) for least in (0.6, 0.7, 0.8))
    assert (passed.state, unknown.state, failed.state) == (State.PASS, State.INCONCLUSIVE, State.FAIL)
    assert passed.lower > 0.6
    assert failed.upper < 0.8
    assert failed.p_fail <= 0.05 < passed.p_fail


def test_without_bounds_the_value_decides_and_a_note_says_so():
    score = ScoreAudit(ACC, 0.7, None, None, None)
    passed, failed = floor_check(score, 0.7, 0.05), floor_check(score, 0.71, 0.05)
    assert (passed.state, failed.state) == (State.PASS, State.FAIL)
    assert passed.note == failed.note == "by the value alone: nothing is known of how it varies"
