"""What the results say of a run that stopped early: intervals that hold at every look, and a sentence."""

# ``s/sqrt(n)`` of a run that ended when its score looked clear is wrong: too short, and of a number of documents that
# the scores themselves chose. So a score of a stopped scope has no standard error ("N/A"), and its interval is that of
# its sequence, or none where its metric has none (perplexities, scores over several orders of the options).
#
# A scope that asked all of its documents is a run like any other, and its scores are left as they are.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proctor.plurals import counted
from proctor.run.stopping import Outcome
from proctor.run_result import GroupResult, TaskResult, Value
from proctor.settings.early_stop import read_early_stop


def stopped_task(result: TaskResult, outcomes: Sequence[Outcome]) -> TaskResult:
    """A task's scores as those of a run that stopped, if it did.

    Args:
        result: Its scores.
        outcomes: How the scopes of the run ended.
    """
    found = next((one for one in outcomes if one.is_stopped and result.name in _tasks(one)), None)
    return result if found is None else replace(result, values=_values(result.name, result.values, found))


def stopped_tasks(outcomes: Sequence[Outcome]) -> frozenset[str]:
    """The tasks of which documents may have been left out.

    Args:
        outcomes: How the scopes of the run ended.
    """
    return frozenset(name for one in outcomes if one.is_stopped for name in _tasks(one))


def stopped_group(result: GroupResult, outcomes: Sequence[Outcome]) -> GroupResult:
    """The same of a group: a scope, or a part of one.

    Args:
        result: Its scores, of tasks as :func:`stopped_task` gives them.
        outcomes: As there.
    """
    found = next((one for one in outcomes if one.is_stopped and result.name == one.asking.scope.name), None)
    return result if found is None else replace(result, values=_values(result.name, result.values, found))


def _tasks(outcome: Outcome) -> list[str]:
    return [task.spec.name for task in outcome.asking.scope.tasks]


def _values(name: str, values: Mapping[tuple[str, str], Value], outcome: Outcome) -> Mapping[tuple[str, str], Value]:
    def shown(key: tuple[str, str], value: Value) -> Value:
        interval = outcome.intervals.get((name, *key))
        return Value(value.value, None, value.n, None if interval is None else "sequence", interval)

    return {key: shown(key, value) for key, value in values.items()}


def stop_facts(outcomes: Sequence[Outcome], setting: str, seed: int) -> dict[str, Any]:
    """The section ``config.early_stop`` of the results file.

    A list, not a mapping by name: what stands under a name that looks like a secret's is hidden.

    Args:
        outcomes: How the scopes ended.
        setting: The setting.
        seed: Of the order of documents.
    """
    rule = read_early_stop(setting)
    facts = {"rule": setting, "width": rule.width, "against": rule.against, "alpha": rule.alpha, "seed": seed}
    facts |= {} if rule.margin is None else {"margin": rule.margin}
    return {"early_stop": {**facts, "scopes": [_scope_facts(one) for one in outcomes]}}


def _scope_facts(one: Outcome) -> dict[str, Any]:
    scope, look = one.asking.scope, one.comparison
    facts: dict[str, Any] = {
        "name": scope.name,
        "tasks": _tasks(one),
        "metric": scope.metric[0],
        "filter": scope.metric[1],
        "alpha": one.asking.alpha,
        "documents": len(one.asking.order),
        "asked": one.asked,
        "looks": list(one.looks),
        "stopped": one.is_stopped,
        "reason": one.reason,
        "interval": None if one.interval is None else list(one.interval),
        "sentence": stop_sentence(one),
    }
    if look is not None:
        facts["comparison"] = {
            "documents": look.n,
            "difference": look.difference,
            "interval": list(look.interval),
            "wins": look.wins,
            "losses": look.losses,
            "log_e": look.log_e,
            "p": look.p,
            "decided": look.is_decided,
        }
    return facts


def stop_sentence(one: Outcome) -> str:
    """How a scope ended, in one or two sentences.

    Args:
        one: Its outcome.
    """
    scope, total = one.asking.scope, len(one.asking.order)
    start = f"{scope.name}: stopped after {one.asked:,} of {counted(total, 'document')}"
    if one.reason == "decided":
        return f"{start}: {_verdict(one)}"
    if one.reason == "paired":
        return f"{start}, the last that the other run has; {_undecided(one)} was decided{_evidence(one)}."
    if one.reason == "width":
        return f"{start}: {_score(one)}"
    if one.reason == "responses":
        start = f"{scope.name}: ended after {one.asked:,} of {total:,} documents, where the stored responses end"
        return f"{start}: {_score(one)}"
    asked = f"{scope.name}: all {total:,} documents were asked"
    if total == 1:
        asked = f"{scope.name}: its one document was asked"
    if len(one.looks) < 2:
        return f"{asked}, since so few are one chunk: nothing was saved."
    if one.comparison is None:
        return f"{asked}: before the last chunk the interval was still wider than the run asked for."
    if one.comparison.is_decided:
        return f"{asked}, and only then: {_verdict(one)}"
    return (
        f"{asked}, and {_undecided(one)} was decided on the way{_evidence(one)}. 'proctor compare' has the test of all."
    )


def _score(one: Outcome) -> str:
    name = one.asking.scope.metric[0]
    if one.score is None or one.interval is None:
        return f"no document has {name}."
    low, high = one.interval
    level = f"{100 * (1 - one.asking.alpha):.4g} %"
    return f"{name} {one.score:.4f}; that of all documents is within {low:.4f} to {high:.4f} ({level}, at every look)."


def _verdict(one: Outcome) -> str:
    look, opponent = one.comparison, one.asking.opponent
    if look is None or opponent is None:
        return _score(one)
    if opponent.margin is not None and opponent.bound is not None:
        is_worse = (look.interval[1] < opponent.bound) == opponent.higher_is_better
        found, points = "is" if is_worse else "is not", f"{100 * opponent.margin:g} points"
        return f"this run {found} worse than {opponent.name} by more than {points}{_evidence(one)}."
    up = look.difference > 0
    better = "better" if up == opponent.higher_is_better else "worse"
    return (
        f"this run is {better} than {opponent.name} by {100 * abs(look.difference):.1f} points so far{_evidence(one)}."
    )


def _undecided(one: Outcome) -> str:
    opponent = one.asking.opponent
    return "no difference" if opponent is None or opponent.margin is None else "nothing"


def _evidence(one: Outcome) -> str:
    look = one.comparison
    if look is None:
        return ""
    low, high = (100 * end for end in look.interval)
    of_all = f"of all that both have {low:+.1f} to {high:+.1f} points"
    # The e-value is about "no difference", and says nothing of a margin.
    if look.log_e is None or _undecided(one) == "nothing":
        return f" ({of_all}, valid at any time)"
    exponent = look.log_e / 2.302585092994046
    e_value = f"{10**exponent:.3g}" if exponent < 6 else f"1e{int(exponent)}"
    return f" (E = {e_value}, valid at any time; {of_all})"
