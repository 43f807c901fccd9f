"""What several rules of a gate come to: corrected for the number of checks, and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from proctor.analysis.gate_report import Check, RuleResult, State
from proctor.analysis.multiplicity import adjusted


def corrected_rules(results: Sequence[RuleResult], alpha: float) -> list[RuleResult]:
    """The p of failing, corrected (Holm) over the checks of required rules; what fails only alone is inconclusive.

    Args:
        results: One for each rule.
        alpha: The level at which a check fails.
    """
    required = [(i, j) for i, one in enumerate(results) if one.tier == "required" for j in range(len(one.checks))]
    p = adjusted([results[i].checks[j].p_fail for i, j in required], "holm")
    corrected = dict(zip(required, p, strict=True))
    made = list[RuleResult]()
    for i, one in enumerate(results):
        checks = tuple(
            _corrected(check, corrected.get((i, j), check.p_fail), alpha) for j, check in enumerate(one.checks)
        )
        order = (State.FAIL, State.INCONCLUSIVE, State.PASS)
        states = [check.state for check in checks]
        state = one.state if one.state is State.MISSING or not states else min(states, key=order.index)
        made.append(replace(one, checks=checks, state=state))
    return made


def _corrected(check: Check, p: float | None, alpha: float) -> Check:
    check = replace(check, p_corrected=p)
    if check.state is State.FAIL and p is not None and p > alpha:
        return replace(check, state=State.INCONCLUSIVE, note="it fails alone, and not after correction for all checks")
    return check


def overall(results: Sequence[RuleResult]) -> State:
    """The state of a gate: fail if a required rule fails or is missing, inconclusive if one is, else pass.

    Args:
        results: One for each rule.
    """
    states = [one.state for one in results if one.tier == "required"]
    if any(state in (State.FAIL, State.MISSING) for state in states):
        return State.FAIL
    return State.INCONCLUSIVE if State.INCONCLUSIVE in states else State.PASS
