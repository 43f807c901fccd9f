"""A score against a floor of the policy: by one-sided bounds where it has any, else by its value alone."""

from __future__ import annotations

from proctor.analysis.distributions import binomial_tail
from proctor.analysis.gate_report import Check, State
from proctor.analysis.intervals import share_interval
from proctor.analysis.paired import Estimate
from proctor.analysis.run_audit import ScoreAudit
from proctor.analysis.verdicts import gate_decision


def floor_check(score: ScoreAudit, least: float, alpha: float) -> Check:
    """Check a score against a floor: a lower bound above it passes, an upper bound below it fails.

    Args:
        score: The candidate's score.
        least: The floor.
        alpha: Error of each one-sided bound.
    """
    if score.method in ("wilson", "exact") and score.n:
        hits = round(score.score * score.n)
        lower, upper = share_interval(hits, score.n, 1 - 2 * alpha)
        p_fail = 1 - binomial_tail(hits + 1, score.n, least) if 0 < least < 1 else float(score.score >= least)
        state = State.PASS if lower >= least else State.FAIL if upper < least else State.INCONCLUSIVE
        return Check("min", least, score.score, state, lower, upper, p_fail)
    if score.method == "sequence" and score.interval is not None:
        lower, upper = score.interval
        state = State.PASS if lower >= least else State.FAIL if upper < least else State.INCONCLUSIVE
        note = "a run stopped early: bounds that hold at any time"
        return Check("min", least, score.score, state, lower, upper, alpha if state is State.FAIL else 1.0, note=note)
    if score.interval is None:
        state = State.PASS if score.score >= least else State.FAIL
        note = "by the value alone: nothing is known of how it varies"
        return Check("min", least, score.score, state, p_fail=float(state is State.PASS), note=note)
    half = (score.interval[1] - score.interval[0]) / 2
    # The interval is two-sided at 95 %: its half is 1.96 standard errors, or as many as a t or a cluster has.
    estimate = Estimate(score.score - least, half / 1.959963984540054, None)
    decision = gate_decision(estimate, 0, alpha)
    lower, upper = (bound + least for bound in estimate.interval(1 - 2 * alpha))
    return Check("min", least, score.score, State(decision.state), lower, upper, decision.p_fail)
