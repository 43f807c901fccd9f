from __future__ import annotations

import pytest

from proctor.html_report.cells import NONE, steps_below
from proctor.html_report.leads import lead_of, nats


def test_the_lead_is_that_of_the_log_likelihoods():
    assert lead_of(steps_below([-1.0, -1.5, -9.0])[1]) == pytest.approx(0.5)
    assert lead_of(steps_below([-7.0, -1.0])[1]) == pytest.approx(6, abs=0.1)
    assert nats(60) == pytest.approx(3)


def test_without_two_options_there_is_none():
    assert lead_of(b"") is None
    assert lead_of(bytes([0, NONE])) is None
