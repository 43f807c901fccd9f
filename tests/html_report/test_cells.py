from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.html_report.cells import COARSE, FINE, NONE, TURN, Cell, State, code_of, state_of, steps_below, text_cell


@pytest.mark.parametrize(
    ("score", "text", "has_metrics", "binary", "state"),
    [
        (1.0, None, True, True, State.RIGHT),
        (0.0, None, True, True, State.WRONG),
        (0.0, "unread", True, True, State.UNREAD),
        (0.0, "unfinished", True, True, State.UNFINISHED),
        (1.0, "unread", True, True, State.RIGHT),
        (0.4, "read", True, False, State.PARTLY),
        (1.0, "read", True, False, State.RIGHT),
        (None, None, False, True, State.FAILED),
        (None, None, True, False, State.PLAIN),
    ],
)
def test_states(score, text, has_metrics, binary, state):
    assert state_of(score, text, has_metrics=has_metrics, binary=binary) is state


@given(st.lists(st.floats(-40, 0), min_size=2, max_size=8))
def test_steps_are_near_what_they_stand_for(lls):
    best, steps = steps_below(lls)
    top = max(lls)
    for value, step in zip(lls, steps, strict=True):
        distance = FINE * step if step < TURN else FINE * TURN + COARSE * (step - TURN)
        assert abs(distance - (top - value)) <= (FINE if step < TURN else COARSE) / 2 + 1e-9
    assert 1 - 2 ** (best / 16) == pytest.approx(top, rel=0.05, abs=0.05)


def test_what_has_no_probabilities():
    assert steps_below([]) == (NONE, b"")
    assert steps_below([math.nan, -1.0]) == (NONE, b"")
    assert steps_below([-math.inf, -math.inf]) == (NONE, b"")
    assert steps_below([-1.0, -math.inf, -1e9]) == (16, bytes([0, NONE, NONE - 1]))
    assert code_of(-1e300) == NONE - 1
    assert text_cell(State.WRONG, (0.0,)) == Cell(State.WRONG, (0.0,))
