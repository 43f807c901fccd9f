"""What a gate found: values, of checks, rules, the gate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from proctor.analysis.gate_policy import Tier
from proctor.analysis.task_scores import Metric
from proctor.results.stored_run import StoredRun


class State(StrEnum):
    """The state of a check, a rule, a gate."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of a rule.

    Attributes:
        kind: ``max_drop``, ``max_rise``, ``min`` or ``max_unread``.
        limit: What is demanded.
        value: The difference to the baseline, the score, or the share.
        state: Pass, fail or inconclusive.
        lower: One-sided lower bound of ``value``; None where it was decided by the value alone.
        upper: One-sided upper bound.
        p_fail: One-sided p of "beyond the limit".
        p_corrected: The same, corrected over all checks of required rules.
        needed: About how many documents would decide, if the value is what it looks like.
        note: What must be known of it.
    """

    kind: str
    limit: float
    value: float
    state: State
    lower: float | None = None
    upper: float | None = None
    p_fail: float | None = None
    p_corrected: float | None = None
    needed: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule.

    Attributes:
        name: The task or group.
        tier: Whether the gate depends on it.
        state: The worst of its checks; missing where one could not be made.
        metric: Metric and filter; None where there is none.
        n: Documents that were compared or scored.
        baseline: The score of the baseline.
        candidate: The score of the candidate.
        checks: What was checked.
        reason: What is missing.
        warnings: What may be wrong besides.
    """

    name: str
    tier: Tier
    state: State
    metric: Metric | None = None
    n: int | None = None
    baseline: float | None = None
    candidate: float | None = None
    checks: tuple[Check, ...] = ()
    reason: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateReport:
    """A gate: pass if all required rules pass, fail if one fails or is missing, else inconclusive.

    Attributes:
        candidate: The new run.
        baseline: The run that it was compared with; None: there is none.
        rules: What was checked.
        state: What it comes to.
        skipped: The tasks and groups of whose rules nothing can be checked without a baseline.
    """

    candidate: StoredRun
    baseline: StoredRun | None
    rules: tuple[RuleResult, ...]
    state: State
    skipped: tuple[str, ...] = ()
