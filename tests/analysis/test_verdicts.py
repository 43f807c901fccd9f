"""Verdicts and gates: each state from its interval, and how often they err."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.draws import source_of
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.paired import Estimate, bonett_price, mcnemar, paired_difference
from proctor.analysis.verdicts import Gate, Verdict, gate_decision, gate_of_tasks, judge
from proctor.errors import AnalysisError


@pytest.mark.parametrize(
    ("interval", "margin", "verdict", "same"),
    [
        ((0.01, 0.05), None, Verdict.BETTER, None),
        ((-0.05, -0.01), None, Verdict.WORSE, None),
        ((-0.01, 0.05), None, Verdict.NOT_RESOLVED, None),
        ((-0.01, 0.01), 0.02, Verdict.SAME, True),
        ((0.001, 0.01), 0.02, Verdict.BETTER, True),
        ((-0.01, 0.03), 0.02, Verdict.NOT_RESOLVED, False),
        ((-0.02, 0.01), 0.02, Verdict.NOT_RESOLVED, False),
        ((0.0, 0.03), None, Verdict.NOT_RESOLVED, None),
        (None, 0.02, Verdict.NOT_RESOLVED, None),
    ],
)
def test_the_verdict_of_an_interval(interval, margin, verdict, same):
    result = judge(interval, margin)
    assert (result.verdict, result.same) == (verdict, same)


@given(st.floats(-1, 1), st.floats(0.001, 1), st.sampled_from([None, 0.02, 0.3]))
def test_swapping_models_mirrors_the_verdict(center, half, margin):
    one, other = judge((center - half, center + half), margin), judge((-center - half, -center + half), margin)
    mirrored = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    assert other.verdict == mirrored.get(one.verdict, one.verdict)
    assert other.same == one.same


def test_a_corrected_p_can_take_a_verdict_back():
    assert judge((0.01, 0.05), p=0.04).verdict is Verdict.BETTER
    assert judge((0.01, 0.05), p=0.2).verdict is Verdict.NOT_RESOLVED
    assert judge((0.001, 0.005), 0.01, p=0.2).verdict is Verdict.SAME


def test_a_margin_is_above_0():
    with pytest.raises(AnalysisError, match="above 0"):
        judge((0, 1), 0)
    with pytest.raises(AnalysisError, match="0 or above"):
        gate_decision(Estimate(0.0, 0.1, None), -0.01)
    with pytest.raises(AnalysisError, match="alpha"):
        gate_decision(Estimate(0.0, 0.1, None), 0.01, alpha=5)


def test_p_of_failing_belongs_to_the_upper_bound():
    for center in (-0.05, -0.03, -0.02, -0.0199, 0.0):
        for freedom in (None, 12):
            decision = gate_decision(Estimate(center, 0.006, freedom), 0.01)
            assert (decision.p_fail < 0.05) == (decision.state is Gate.FAIL)
    assert gate_decision(Estimate(-0.05, 0.0, None), 0.01).p_fail == 0
    assert gate_decision(Estimate(0.05, 0.0, None), 0.01).state is Gate.PASS


def test_several_tasks():
    def of(*centers):
        return gate_of_tasks([gate_decision(Estimate(center, 0.005, None), 0.01) for center in centers])

    assert of(0.0, 0.01) is Gate.PASS
    assert of(0.0, -0.005) is Gate.INCONCLUSIVE
    assert of(0.0, -0.05) is Gate.FAIL
    # 1.8 standard errors beyond the margin fail one task alone, but not one of forty.
    assert of(-0.019) is Gate.FAIL
    assert of(*[0.0] * 39, -0.019) is Gate.INCONCLUSIVE
    with pytest.raises(AnalysisError, match="There are no tasks"):
        gate_of_tasks([])


def _discordant(source, n, only_new, only_base):
    draws = [source.random() for _ in range(n)]
    return sum(draw < only_new for draw in draws), sum(draw > 1 - only_base for draw in draws)


@pytest.mark.slow
def test_57_subjects_without_a_difference_are_resolved_in_5_percent_of_comparisons_at_most():
    """The verdict with Holm's correction, 100 documents a subject, 20 % discordant; uncorrected it is above 70 %."""
    source, runs, wrong, uncorrected = random.Random(57), 400, 0, 0
    for _ in range(runs):
        counts = [_discordant(source, 100, 0.1, 0.1) for _ in range(57)]
        intervals = [bonett_price(b, c, 100).interval() for b, c in counts]
        p = adjusted([mcnemar(b, c).exact for b, c in counts])
        wrong += any(judge(i, p=q).verdict is not Verdict.NOT_RESOLVED for i, q in zip(intervals, p, strict=True))
        uncorrected += any(judge(i).verdict is not Verdict.NOT_RESOLVED for i in intervals)
    assert wrong / runs <= 0.05
    assert uncorrected / runs > 0.7


@pytest.mark.slow
@pytest.mark.parametrize(("n", "share"), [(300, 0.1), (1000, 0.2)])
def test_a_gate_errs_in_5_percent_of_runs_at_most(n, share):
    """At a loss of just the margin: wrong passes and wrong fails, each at most alpha and the noise of 3,000 runs."""
    source, margin, runs = random.Random(n), 0.02, 3000
    states = []
    for _ in range(runs):
        new, base = _discordant(source, n, (share - margin) / 2, (share + margin) / 2)
        states.append(gate_decision(bonett_price(new, base, n), margin).state)
    limit = 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    assert states.count(Gate.PASS) / runs <= limit
    assert states.count(Gate.FAIL) / runs <= limit


@pytest.mark.slow
def test_a_gate_over_clusters_errs_in_5_percent_of_runs_at_most():
    """60 passages of 5 documents whose differences go together: t bounds of clustered errors."""
    source, margin, runs, states = random.Random(8), 0.02, 600, []
    clusters = [i // 5 for i in range(300)]
    for _ in range(runs):
        new, base = [], []
        for _ in range(60):
            tilt = source.gauss(0, 0.1)
            for _ in range(5):
                draw = source.random()
                new.append(float(draw < 0.6 - margin / 2 + tilt))
                base.append(float(draw < 0.6 + margin / 2 - tilt))
        result = paired_difference(new, base, clusters, source=source_of(0))
        states.append(gate_decision(result.estimate, margin).state)
    limit = 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    assert states.count(Gate.PASS) / runs <= limit
    assert states.count(Gate.FAIL) / runs <= limit
