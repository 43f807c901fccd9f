"""May the candidate be taken for the baseline? A rule of a policy passes, fails, is undecided, or lacks something."""

# One rule, several checks
# ------------------------
#   max_drop, max_rise    the one-sided 95 % bounds of candidate - baseline, paired by document. Pass: a larger loss is
#                         excluded. Fail: a smaller one is. Else the documents cannot tell.
#   min                   the one-sided 95 % bounds of the score
#   max_unread            a count: it is exceeded or not
#
# A rule passes if all of its checks do. A gate of several rules needs no correction to pass (all must), and to fail the
# p of "worse by more than the margin" is corrected (Holm) over all checks of required rules: else a gate of fifty tasks
# would often fail for nothing. A check that fails alone but not after correction is inconclusive.
#
# Where there are no documents to pair (no samples, a statistic of all documents such as perplexity), the results files
# decide: by both standard errors if they have them, else by the values alone, which the rule then says.

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from glob import escape
from typing import Any

from proctor.analysis.audit import audit_run
from proctor.analysis.audit_text import PROMPT
from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions, PairComparison
from proctor.analysis.gate_correction import corrected_rules, overall
from proctor.analysis.gate_floor import floor_check
from proctor.analysis.gate_policy import Rule, checkable_rules
from proctor.analysis.gate_report import Check, GateReport, RuleResult, State
from proctor.analysis.paired import Estimate
from proctor.analysis.paired_tasks import NONE
from proctor.analysis.power import documents_needed
from proctor.analysis.run_audit import AuditOptions, RunAudit, ScoreAudit
from proctor.analysis.sequences import ANYTIME, REASON, DifferenceSequence
from proctor.analysis.task_scores import Metric, fits, name_of, parse_metric
from proctor.analysis.verdicts import gate_decision, sequence_decision
from proctor.errors import DataError, UsageError
from proctor.plurals import counted
from proctor.results.stored_run import StoredRun

ALPHA = 0.05


def check_gate(
    candidate: StoredRun,
    baseline: StoredRun | None,
    rules: Mapping[str, Rule],
    *,
    cluster: str | None = None,
    by_number: bool = False,
) -> GateReport:
    """Check rules.

    Args:
        candidate: The new run.
        baseline: The run that it is compared with; None: only floors are checked, and rules without any skipped.
        rules: By name of task or group, at least one.
        cluster: A column whose equal values make documents belong together.
        by_number: Pair documents by number.

    Raises:
        UsageError: There is no rule that can be checked, one demands nothing, or a drop of what should fall.
        DataError: The runs were asked different documents under one number.
    """
    if not rules:
        raise UsageError("The gate has no rule: no task or group is checked.")
    options = CompareOptions(cluster=cluster, by_number=by_number, pair_tasks=(NONE,))
    checked = checkable_rules(rules, has_baseline=baseline is not None)
    found = [_check_rule(name, rule, candidate, baseline, options) for name, rule in checked.items()]
    corrected = corrected_rules(found, ALPHA)
    skipped = tuple(name for name in rules if name not in checked)
    return GateReport(candidate, baseline, tuple(corrected), overall(corrected), skipped)


def _check_rule(
    name: str, rule: Rule, candidate: StoredRun, baseline: StoredRun | None, options: CompareOptions
) -> RuleResult:
    try:
        audit = audit_run(candidate, AuditOptions(rule.metric, (escape(name),), options.cluster))
    except UsageError as error:
        return RuleResult(
            name,
            rule.tier,
            State.MISSING,
            reason=f"{error.message.replace(escape(name), name).rstrip('.')} (candidate)",
        )
    made = _RuleCheck(rule, audit, RuleResult(name, rule.tier, State.MISSING))
    if baseline is not None and (rule.max_drop is not None or rule.max_rise is not None):
        made = _against_baseline(made, candidate, baseline, options)
    return _with_floors(made).result()


@dataclass(frozen=True, slots=True)
class _RuleCheck:
    """A rule while it is checked: what it demands, the candidate looked through, and what was found so far."""

    rule: Rule
    audit: RunAudit
    found: RuleResult

    def having(self, **changes: Any) -> _RuleCheck:
        """The same with other fields of what was found."""
        return replace(self, found=replace(self.found, **changes))

    def checked(self, check: Check) -> _RuleCheck:
        """The same with one more check."""
        return self.having(checks=(*self.found.checks, check))

    @property
    def score(self) -> ScoreAudit | None:
        """The candidate's score of the group or task."""
        groups = [one.score for one in self.audit.groups if one.group == self.found.name]
        tasks = [one.main for one in self.audit.tasks if one.task == self.found.name]
        return (groups or tasks or [None])[0]

    def result(self) -> RuleResult:
        """The rule's result, with its state and its warnings."""
        states, reason = [check.state for check in self.found.checks], self.found.reason
        order = (State.FAIL, State.INCONCLUSIVE, State.PASS)
        state = State.MISSING if reason or not states else min(states, key=order.index)
        reason = reason or (None if states else f"there is no score of {self.found.name}")
        return replace(self.found, state=state, reason=reason, warnings=tuple(_warnings(self)))


def _warnings(made: _RuleCheck) -> list[str]:
    found = list[str]()
    name = made.found.name
    groups = [one.choices for one in made.audit.groups if one.group == name]
    parts = groups + [one.choices for one in made.audit.tasks if one.task == name]
    for choices in [one for one in parts if one][:1]:
        if choices.chance and choices.chance.acc <= choices.chance.chance:
            found.append(f"The score is at or below chance ({choices.chance.chance:.3f}). {PROMPT}")
    unread, total = _unread(made.audit)
    if total and 2 * unread > total:
        found.append(f"{unread:,} of {counted(total, 'text')} not read. {PROMPT}")
    return found


def _unread(audit: RunAudit) -> tuple[int, int]:
    """Texts without an answer and documents without a score, and all of them."""
    unread = sum(one.texts.get("unread", 0) + one.texts.get("unfinished", 0) + one.unscored for one in audit.tasks)
    total = sum(sum(one.texts.values()) or ((one.main.n or 0) if one.main else 0) + one.unscored for one in audit.tasks)
    return unread, total


def _against_baseline(
    made: _RuleCheck, candidate: StoredRun, baseline: StoredRun, options: CompareOptions
) -> _RuleCheck:
    name, rule = made.found.name, made.rule
    try:
        comparison = compare_runs([baseline, candidate], replace(options, metric=rule.metric, tasks=(escape(name),)))
    except UsageError as error:
        return made.having(reason=error.message.rstrip("."))
    except DataError as error:
        if "no task in common" not in error.message:
            raise
        return made.having(reason=error.message.rstrip("."))
    (pair,) = comparison.pairs
    missed = next((one for one in pair.tasks if one.instead_of is not None), None)
    if missed is not None and missed.instead_of is not None:
        return made.having(reason=f"only one of the runs has {name_of(missed.instead_of)} of every document of "
                           f"{missed.task}, which comes first; --metric names another")  # fmt: skip
    # The difference of a part of the group is not that of the group: then its results files say more.
    group = next((one for one in pair.groups if one.group == name and not one.lacking), None)
    if group is not None:
        made = made.having(metric=group.metric, n=group.n, baseline=group.a, candidate=group.b)
        variance = group.result.micro_stderr**2 * group.n if group.result.micro_stderr else None
        higher = baseline.higher_is_better(group.tasks[0], group.metric[0])
        if group.result.reason == REASON:
            return _with_sequence(made, group.sequence, group.result.micro, higher=higher)
        return _with_difference(made, group.estimate, group.result.micro, variance, higher=higher)
    return _of_task(made, pair, (baseline, candidate))


def _of_task(made: _RuleCheck, pair: PairComparison, runs: tuple[StoredRun, StoredRun]) -> _RuleCheck:
    tasks = [one for one in pair.tasks if one.task == made.found.name]
    if not tasks:
        return _of_files(made, runs)
    (one,) = tasks
    if one.metric is None or one.a is None or one.b is None:
        return made.having(reason=one.reason or f"{made.found.name} has no score in both runs")
    made = made.having(metric=one.metric, baseline=one.a, candidate=one.b)
    if one.result is not None:
        made = made.having(n=one.result.n)
        if one.result.test in ANYTIME:
            return _with_sequence(made, one.result.sequence, one.result.difference, higher=one.higher_is_better)
        variance = one.result.variance * one.result.design_effect
        return _with_difference(made, one.result.estimate, one.result.difference, variance, higher=one.higher_is_better)
    if any(run.early_stop(one.task) for run in runs):
        return _with_sequence(made, None, one.b - one.a, higher=one.higher_is_better)
    return _unpaired(made, runs, one.metric, higher=one.higher_is_better)


def _of_files(made: _RuleCheck, runs: tuple[StoredRun, StoredRun]) -> _RuleCheck:
    """A group whose documents cannot be paired, by its scores in the results files."""
    name, wanted = made.found.name, parse_metric(made.rule.metric)
    first, second = (run.scores(name) for run in runs)
    metric = next((one for one in first if one in second and fits(one, wanted)), None)
    if metric is None:
        return made.having(reason=f"the tasks of {name} have no metric in common")
    made = made.having(metric=metric, baseline=first[metric], candidate=second[metric])
    if any(run.early_stop(name) for run in runs):
        higher = runs[0].higher_is_better(name, metric[0])
        return _with_sequence(made, None, second[metric] - first[metric], higher=higher)
    return _unpaired(made, runs, metric, higher=runs[0].higher_is_better(name, metric[0]))


def _unpaired(made: _RuleCheck, runs: tuple[StoredRun, StoredRun], metric: Metric, *, higher: bool) -> _RuleCheck:
    """By the standard errors of both results files; where one has none, by the values alone."""
    name = made.found.name
    known = [stderr for run in runs if (stderr := run.stderrs(name).get(metric))]
    difference = runs[1].scores(name)[metric] - runs[0].scores(name)[metric]
    estimate = Estimate(difference, math.hypot(*known), None) if len(known) == 2 else None
    note = "by the standard errors of the results files, unpaired" if estimate else None
    return _with_difference(made, estimate, difference, None, higher=higher, note=note)


def _with_difference(
    made: _RuleCheck,
    estimate: Estimate | None,
    difference: float,
    variance: float | None,
    *,
    higher: bool,
    note: str | None = None,
) -> _RuleCheck:
    kind, limit = _limit(made, higher=higher)
    if limit is None:
        return made
    if estimate is None:
        loss = -difference if higher else difference
        state = State.PASS if loss <= limit else State.FAIL
        note = "by the values alone: nothing is known of how they vary"
        check = Check(kind, limit, difference, state, p_fail=float(state is State.PASS), note=note)
        return made.checked(check)
    towards = estimate if higher else replace(estimate, center=-estimate.center)
    decision = gate_decision(towards, limit, ALPHA)
    lower, upper = estimate.interval(1 - 2 * ALPHA)
    needed = None
    distance = towards.center + limit
    if decision.state == "inconclusive" and variance and distance:
        needed = documents_needed(variance, distance, alpha=2 * ALPHA)
    check = Check(kind, limit, difference, State(decision.state), lower, upper, decision.p_fail, None, needed, note)
    return made.checked(check)


def _with_sequence(
    made: _RuleCheck, sequence: DifferenceSequence | None, difference: float, *, higher: bool
) -> _RuleCheck:
    """Of a run that stopped early: bounds of bets, never those of a fixed number of documents."""
    kind, limit = _limit(made, higher=higher)
    if limit is None:
        return made
    if sequence is None:
        note = "a run stopped early, and the order of its documents is not known or not one"
        return made.checked(Check(kind, limit, difference, State.INCONCLUSIVE, note=note))
    decision = sequence_decision(sequence if higher else sequence.reversed, limit, ALPHA)
    lower, upper = sequence.interval(2 * ALPHA)
    note = "a run stopped early: bounds of bets, valid at any time"
    check = Check(kind, limit, difference, State(decision.state), lower, upper, decision.p_fail, None, None, note)
    return made.checked(check)


def _limit(made: _RuleCheck, *, higher: bool) -> tuple[str, float | None]:
    """The limit that a rule sets in the direction that counts.

    Raises:
        UsageError: It limits the other direction alone.
    """
    kind = "max_drop" if higher else "max_rise"
    limit, other = (made.rule.max_drop, made.rule.max_rise) if higher else (made.rule.max_rise, made.rule.max_drop)
    if limit is None and other is not None:
        metric = name_of(made.found.metric) if made.found.metric else "its metric"
        raise UsageError(
            f"The rule of {made.found.name} limits a {'rise' if higher else 'drop'} of {metric}, of which "
            f"{'more' if higher else 'less'} is better: {kind} is meant."
        )
    return kind, limit


def _with_floors(made: _RuleCheck) -> _RuleCheck:
    score, rule = made.score, made.rule
    if rule.min is not None:
        if score is None:
            return made.having(reason=made.found.reason or f"there is no score of {made.found.name}")
        made = made.having(metric=made.found.metric or score.metric, n=made.found.n or score.n,
                       candidate=made.found.candidate if made.found.candidate is not None else score.score)  # fmt: skip
        made = made.checked(floor_check(score, rule.min, ALPHA))
    if rule.max_unread is not None:
        unread, total = _unread(made.audit)
        share = unread / total if total else 0.0
        state = State.FAIL if share > rule.max_unread else State.PASS
        check = Check("max_unread", rule.max_unread, share, state, p_fail=float(state is State.PASS))
        made = made.checked(check)
        if score is not None and made.found.metric is None:
            made = made.having(metric=score.metric, n=score.n, candidate=score.score)
    return made
