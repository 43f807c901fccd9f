"""From an interval to a word: the verdict of a comparison and the state of a gate."""

# A verdict looks at the 95 % interval of a difference; a margin m says what difference does not matter. "Same within
# m" is a finding of its own (the interval lies within ± m), not the absence of one: that is "not resolved".
#
# A gate asks whether new is worse than base by more than m, with one-sided bounds at 95 %: it passes if the lower
# bound is above -m, fails if the upper one is below -m, and is inconclusive otherwise. Over several tasks it passes if
# all pass, without a correction: passing wrongly takes an error in the one task that is worse. It fails if a task
# fails after Holm's correction: failing wrongly takes an error in any.
#
# Source: https://en.wikipedia.org/wiki/Equivalence_test (intervals and non-inferiority); R. L. Berger 1982
# (intersection-union tests).

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from proctor.analysis.distributions import normal_tail, student_tail
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.paired import Estimate
from proctor.analysis.sequences import DifferenceSequence
from proctor.analysis.statistic import check_share, check_some
from proctor.errors import AnalysisError
from proctor.stats.intervals import Interval


class Verdict(StrEnum):
    """What a comparison found of A against B."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same within the margin"
    NOT_RESOLVED = "not resolved"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of an interval, and whether the difference is within the margin: small differences can be real."""

    verdict: Verdict
    same: bool | None
    """Whether the interval lies within ± margin; None without a margin or an interval."""


def judge(
    interval: Interval | None, margin: float | None = None, p: float | None = None, alpha: float = 0.05
) -> Judgement:
    """The verdict of the interval of a difference.

    Args:
        interval: Lower and upper bound of A - B at 95 %; None where there is none: nothing is resolved.
        margin: A difference that does not matter, above 0; None where every difference matters.
        p: The p-value, corrected for the number of comparisons shown. Where it is given, "better" and "worse" also
            need p <= alpha: 57 intervals at 95 % would be wrong too often.
        alpha: The level that p is compared with.

    Raises:
        AnalysisError: The margin is not above 0.
    """
    if margin is not None and not margin > 0:
        raise AnalysisError(f"A margin of {margin}: it must be above 0.")
    if interval is None:
        return Judgement(Verdict.NOT_RESOLVED, None)
    low, high = interval
    same = None if margin is None else -margin < low and high < margin
    if (low > 0 or high < 0) and (p is None or p <= alpha):
        return Judgement(Verdict.BETTER if low > 0 else Verdict.WORSE, same)
    return Judgement(Verdict.SAME if same else Verdict.NOT_RESOLVED, same)


def directed(judgement: Judgement, higher_is_better: bool) -> Judgement:
    """The verdict on the second run: of a perplexity, less is better.

    Args:
        judgement: Of the difference as it is.
        higher_is_better: Whether more is better.
    """
    if higher_is_better or judgement.verdict not in (Verdict.BETTER, Verdict.WORSE):
        return judgement
    other = Verdict.WORSE if judgement.verdict is Verdict.BETTER else Verdict.BETTER
    return replace(judgement, verdict=other)


def judge_at_any_time(
    interval: Interval | None, difference: float, margin: float | None, p: float | None, alpha: float = 0.05
) -> Judgement:
    """The verdict where a run stopped early: its test decides, which may see a difference before its interval does.

    Args:
        interval: Of the difference; None where there is none.
        difference: What was seen.
        margin: As for :func:`judge`.
        p: The p-value that is valid at any time, corrected.
        alpha: The level that it is compared with.
    """
    found = judge(interval, margin, p, alpha)
    if p is not None and p <= alpha and difference:
        return Judgement(Verdict.BETTER if difference > 0 else Verdict.WORSE, found.same)
    if found.verdict in (Verdict.BETTER, Verdict.WORSE):
        return Judgement(Verdict.SAME if found.same else Verdict.NOT_RESOLVED, found.same)
    return found


class Gate(StrEnum):
    """The state of a gate."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The state of a gate for one task, and what it comes from."""

    state: Gate
    lower: float
    """One-sided lower bound of new - base."""
    upper: float
    """One-sided upper bound."""
    p_fail: float
    """One-sided p of "worse by more than the margin"."""


def gate_decision(estimate: Estimate, margin: float, alpha: float = 0.05) -> GateDecision:
    """Decide whether new may be taken for base.

    Args:
        estimate: new - base, of :func:`proctor.analysis.paired.paired_difference` (``estimate``).
        margin: The largest loss that is accepted, 0 or above.
        alpha: Probability of a wrong pass at a loss of the margin, and of a wrong fail.

    Raises:
        AnalysisError: The margin is below 0, or alpha is no probability.
    """
    check_share(alpha, "alpha")
    if not margin >= 0:
        raise AnalysisError(f"A margin of {margin}: it must be 0 or above.")
    lower, upper = estimate.interval(1 - 2 * alpha)
    state = Gate.PASS if lower > -margin else Gate.FAIL if upper < -margin else Gate.INCONCLUSIVE
    return GateDecision(state, lower, upper, _p_fail(estimate, margin))


def sequence_decision(sequence: DifferenceSequence, margin: float, alpha: float = 0.05) -> GateDecision:
    """The same where a run stopped early: by bets, which hold at any time.

    Args:
        sequence: new - base.
        margin: As for :func:`gate_decision`.
        alpha: As there.
    """
    check_share(alpha, "alpha")
    lower, upper = sequence.interval(2 * alpha)
    state = Gate.PASS if lower > -margin else Gate.FAIL if upper < -margin else Gate.INCONCLUSIVE
    return GateDecision(state, lower, upper, sequence.p_at_least(-margin))


def _p_fail(estimate: Estimate, margin: float) -> float:
    """P(a difference as low as this or lower) where new is worse by just the margin."""
    distance = -(estimate.center + margin)
    if not estimate.stderr:
        return float(distance <= 0)
    score = distance / estimate.stderr
    return normal_tail(score) if estimate.freedom is None else student_tail(score, estimate.freedom)


def gate_of_tasks(decisions: Sequence[GateDecision], alpha: float = 0.05) -> Gate:
    """The state of a gate over several tasks.

    Args:
        decisions: One for each task, at least one.
        alpha: As for the tasks.

    Returns:
        Pass if all pass; fail if the Holm-corrected ``p_fail`` of any task is at most alpha; else inconclusive.

    Raises:
        AnalysisError: There is no task.
    """
    check_some(decisions, "tasks")
    if all(decision.state is Gate.PASS for decision in decisions):
        return Gate.PASS
    corrected = adjusted([decision.p_fail for decision in decisions], "holm")
    return Gate.FAIL if any(p is not None and p <= alpha for p in corrected) else Gate.INCONCLUSIVE
