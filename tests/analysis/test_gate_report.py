"""The values of a gate: what a program that reads them can rely on."""

from __future__ import annotations

import dataclasses
import json

import pytest

from proctor.analysis.gate_report import Check, RuleResult, State


def test_states_are_words_in_documents():
    assert json.dumps([*State]) == '["pass", "fail", "inconclusive", "missing"]'
    assert f"{State.FAIL}" == "fail"


def test_a_check_without_bounds_was_decided_by_its_value():
    check = Check("max_unread", 0.02, 0.5, State.FAIL)
    assert (check.lower, check.upper, check.p_fail, check.needed) == (None, None, None, None)


def test_a_rule_that_could_not_be_checked_has_a_reason_and_no_checks():
    rule = RuleResult("t", "required", State.MISSING, reason="There is no such task.")
    assert (rule.checks, rule.metric, rule.n) == ((), None, None)


@pytest.mark.parametrize("value", [Check("min", 0.5, 0.6, State.PASS), RuleResult("t", "advisory", State.PASS)])
def test_values_are_frozen(value):
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.state = State.FAIL
