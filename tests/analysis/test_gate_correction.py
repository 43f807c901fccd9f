"""Several rules of a gate together: corrected for their number, and the worst of the required ones."""

from __future__ import annotations

import pytest

from proctor.analysis.gate_correction import corrected_rules, overall
from proctor.analysis.gate_report import Check, RuleResult, State


def rule(state, p, tier="required"):
    return RuleResult("t", tier, state, checks=(Check("max_drop", 0.01, -0.1, state, p_fail=p),))


def test_what_fails_alone_and_not_after_correction_is_undecided():
    first, second = corrected_rules([rule(State.FAIL, 0.04), rule(State.PASS, 0.9)], 0.05)
    assert (first.state, first.checks[0].p_corrected) == (State.INCONCLUSIVE, 0.08)
    assert "not after correction" in first.checks[0].note
    assert second.state is State.PASS


def test_advisory_rules_are_neither_counted_nor_corrected():
    first, advisory = corrected_rules([rule(State.FAIL, 0.04), rule(State.FAIL, 0.04, "advisory")], 0.05)
    assert (first.state, advisory.state) == (State.FAIL, State.FAIL)
    assert overall([rule(State.PASS, 0.5), advisory]) is State.PASS


@pytest.mark.parametrize(
    ("states", "together"),
    [
        ([State.PASS, State.PASS], State.PASS),
        ([State.PASS, State.INCONCLUSIVE], State.INCONCLUSIVE),
        ([State.INCONCLUSIVE, State.FAIL], State.FAIL),
        ([State.PASS, State.MISSING], State.FAIL),
    ],
)
def test_the_worst_required_rule_counts(states, together):
    assert overall([rule(state, 0.5) for state in states]) is together
