"""What a gate says of each check: the finding, its size, its bounds, and how many documents would decide."""

from __future__ import annotations

from typing import Any

from proctor.analysis.compare_document import run_document
from proctor.analysis.gate_report import Check, GateReport, RuleResult, State
from proctor.analysis.task_scores import name_of
from proctor.analysis.wording import in_points, number, p_value, points, rounded

WORDS = {State.PASS: "pass", State.FAIL: "fail", State.INCONCLUSIVE: "inconclusive", State.MISSING: "missing"}


def check_sentence(check: Check, *, share: bool = True) -> str:
    """A check in words.

    Args:
        check: The check.
        share: Whether scores are shares, so that differences are said in points.
    """
    if check.kind == "max_unread":
        return f"{check.state}: {100 * check.value:.1f} % not read or not scored, at most {100 * check.limit:.1f} %"
    if check.kind == "min":
        text = f"{check.state}: {number(check.value)}, at least {number(check.limit)}"
        if check.lower is not None and check.upper is not None:
            text += f" (one-sided 95 %: {number(check.lower)} and {number(check.upper)})"
        return text + (f"; {check.note}" if check.note else "")
    word = "drop" if check.kind == "max_drop" else "rise"
    text = f"{check.state}: {points(check.value, share=share, sign=True)}, a {word} of at most "
    text += points(check.limit, share=share)
    if check.lower is not None and check.upper is not None:
        ends = [points(end, share=share, sign=True) for end in (check.lower, check.upper)]
        text += f" (one-sided 95 %: {ends[0].removesuffix(' points')} and {ends[1]})"
    if check.state is State.FAIL and check.p_corrected is not None and check.lower is not None:
        text += f", {p_value(check.p_corrected)} corrected"
    if check.needed is not None:
        text += f"; about {rounded(check.needed)} documents would decide, if the difference is what it looks like"
    return text + (f"; {check.note}" if check.note else "")


def rule_sentences(rule: RuleResult) -> list[str]:
    """A rule in words: what is missing, or its checks, those first that decided its state; then its warnings.

    Args:
        rule: The rule.
    """
    if rule.reason:
        return [f"missing: {rule.reason}", *rule.warnings]
    share = rule.candidate is None or in_points(rule.candidate)
    checks = sorted(rule.checks, key=lambda check: check.state is not rule.state)
    return [*(check_sentence(check, share=share) for check in checks), *rule.warnings]


def gate_sentence(report: GateReport) -> str:
    """``Gate: fail. 2 of 12 required rules fail, 1 is missing, 3 are inconclusive.``

    Args:
        report: The gate.
    """
    required = [rule for rule in report.rules if rule.tier == "required"]
    counts = {state: sum(rule.state is state for rule in required) for state in State}
    facts = [f"{counts[state]:,} {WORDS[state]}" for state in State if counts[state]]
    advisory = len(report.rules) - len(required)
    more = f"; {advisory:,} advisory" if advisory else ""
    more += f"; {len(report.skipped):,} skipped without a baseline" if report.skipped else ""
    return f"Gate: {report.state}. Of {len(required):,} required: {', '.join(facts) or 'none'}{more}."


def gate_document(report: GateReport) -> dict[str, Any]:
    """The whole gate as JSON.

    Args:
        report: The gate.
    """
    return {
        "state": str(report.state),
        "candidate": run_document(report.candidate),
        "baseline": run_document(report.baseline) if report.baseline else None,
        "skipped": list(report.skipped),
        "rules": [
            {
                "name": rule.name,
                "tier": rule.tier,
                "state": str(rule.state),
                "metric": name_of(rule.metric) if rule.metric else None,
                "n": rule.n,
                "baseline": rule.baseline,
                "candidate": rule.candidate,
                "reason": rule.reason,
                "warnings": list(rule.warnings),
                "checks": [_check(check) for check in rule.checks],
            }
            for rule in report.rules
        ],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "kind": check.kind,
        "limit": check.limit,
        "value": check.value,
        "state": str(check.state),
        "lower": check.lower,
        "upper": check.upper,
        "p_fail": check.p_fail,
        "p_corrected": check.p_corrected,
        "documents_needed": check.needed,
        "note": check.note,
    }
