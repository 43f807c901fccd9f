"""What a gate demands: rules by name of a task or group, out of a policy or of one margin for all."""

# A policy is a mapping of two keys:
#
#   default: {metric: acc, max_drop: 0.01, tier: required}
#   tasks:
#     mmlu:      {max_drop: 0.005}
#     kmmlu_*:   {}
#     gsm8k:     {metric: "exact_match,flexible-extract", min: 0.62, max_unread: 0.02}
#     hellaswag: {tier: advisory}
#     wikitext:  {metric: word_perplexity, max_rise: 0.05}
#
# Each entry of ``tasks`` is laid over ``default``. A pattern stands for all names that it fits; a name has one rule:
# that of its own entry before that of a pattern, of patterns the last. An entry that fits nothing keeps its rule: what
# it demands is missing. All mistakes of a policy are said at once.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

from proctor.errors import UsageError, did_you_mean

Tier: TypeAlias = Literal["required", "advisory"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is demanded of one task or group.

    Attributes:
        metric: As ``acc`` or ``exact_match,strict-match``; None: the first.
        max_drop: The loss against the baseline that is accepted, where more is better.
        max_rise: The rise against the baseline that is accepted, where less is better.
        min: The least score.
        max_unread: The largest share of texts that were not read, or documents that could not be scored.
        tier: Whether the gate depends on it.
    """

    metric: str | None = None
    max_drop: float | None = None
    max_rise: float | None = None
    min: float | None = None
    max_unread: float | None = None
    tier: Tier = "required"


@dataclass(frozen=True, slots=True)
class Policy:
    """A default, and rules by name or pattern; without rules the default is that of every name."""

    default: Rule
    rules: Mapping[str, Rule]


LOSSES = ("max_drop", "max_rise")
"""Limits against a baseline."""
FLOORS = ("min", "max_unread")
"""Limits of the candidate alone."""
_NUMBERS = (*LOSSES, *FLOORS)
_KEYS = tuple(one.name for one in fields(Rule))


def policy_of(values: Mapping[Any, Any], place: str) -> Policy:
    """A policy out of a mapping.

    Args:
        values: What a YAML file holds.
        place: The file, for errors.

    Raises:
        UsageError: Something in it is no rule; all mistakes at once.
    """
    mistakes = [f"{place}: {text}" for text in _mistakes(values)]
    if mistakes:
        raise UsageError("\n".join(mistakes), hint=f"A rule has {', '.join(_KEYS)}.")
    default = _over(Rule(), values.get("default") or {})
    return Policy(default, {name: _over(default, rule or {}) for name, rule in (values.get("tasks") or {}).items()})


def _over(rule: Rule, values: Mapping[str, Any]) -> Rule:
    return replace(rule, **{key: float(value) if key in _NUMBERS and value is not None else value
                            for key, value in values.items()})  # fmt: skip


def _mistakes(values: Mapping[Any, Any]) -> Iterator[str]:
    for key in values:
        if key not in ("default", "tasks"):
            close = did_you_mean(str(key), ("default", "tasks"))
            yield f"there is no key {str(key)!r}. {close or 'There are default and tasks.'}"
    if values.get("default") is not None:
        yield from (f"default: {text}" for text in _rule_mistakes(values["default"]))
    tasks = values.get("tasks")
    if tasks is None:
        return
    if not isinstance(tasks, Mapping):
        yield "tasks: it must be a mapping of names to rules."
        return
    for name, rule in tasks.items():
        if not isinstance(name, str):
            yield f"tasks: {name!r} is no name of a task."
        elif rule is not None:
            yield from (f"tasks: {name}: {text}" for text in _rule_mistakes(rule))


def _rule_mistakes(rule: Any) -> Iterator[str]:
    if not isinstance(rule, Mapping):
        yield f"a rule is a mapping, as in {{max_drop: 0.01}}, not {rule!r}."
        return
    for key, value in rule.items():
        if key not in _KEYS:
            close = did_you_mean(str(key), _KEYS)
            yield f"there is no key {str(key)!r}.{f' {close}' if close else ''}"
        elif key in _NUMBERS and not (value is None or _is_limit(key, value)):
            yield f"{key} is {value!r}; it must be a number{'' if key == 'min' else ' of 0 or more'}."
        elif key == "tier" and value not in ("required", "advisory"):
            yield f"tier is {value!r}; it must be required or advisory."
        elif key == "metric" and not (value is None or (isinstance(value, str) and value.strip())):
            yield f"metric is {value!r}; it must be a name, as in acc or 'exact_match,strict-match'."


def _is_limit(key: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value == value and (key == "min" or value >= 0)


def rules_of(policy: Policy, names: Sequence[str], roots: Sequence[str]) -> Mapping[str, Rule]:
    """The rule of each name that is checked.

    Args:
        policy: The policy.
        names: The tasks and groups of the candidate.
        roots: Those that are in no group: what is checked where the policy names nothing.
    """
    if not policy.rules:
        return dict.fromkeys(roots, policy.default)
    found: dict[str, Rule] = {}
    for pattern, rule in policy.rules.items():
        fitting = [name for name in names if fnmatchcase(name, pattern)]
        for name in fitting or [pattern]:
            found[name] = rule
    return found | {name: rule for name, rule in policy.rules.items() if name in found}


def checkable_rules(rules: Mapping[str, Rule], *, has_baseline: bool) -> Mapping[str, Rule]:
    """The rules of which something can be checked: a loss needs a baseline, a floor does not.

    Args:
        rules: By name of task or group.
        has_baseline: Whether there is one.

    Raises:
        UsageError: A rule demands nothing, or no rule is left that the gate depends on.
    """
    for name, rule in rules.items():
        _check_limits(name, rule, (*LOSSES, *FLOORS) if has_baseline else FLOORS)
    found = {name: rule for name, rule in rules.items() if has_baseline or _limits(rule, FLOORS)}
    needed = [one for one in rules.values() if one.tier == "required"] or list(rules.values())
    if not any(one in needed for one in found.values()):
        losses = [kind for kind in LOSSES if any(kind in _limits(one, LOSSES) for one in needed)]
        raise UsageError(
            f"Without a baseline no rule can be checked: they limit a loss ({', '.join(losses)}).",
            hint="Give --baseline RUN, or a floor in the policy: min, max_unread.",
        )
    return found


def _check_limits(name: str, rule: Rule, helpful: Sequence[str]) -> None:
    if not _limits(rule, (*LOSSES, *FLOORS)):
        limits = ", ".join(helpful)
        raise UsageError(f"The rule of {name} demands nothing.", hint=f"Give it a limit in the policy: {limits}.")


def _limits(rule: Rule, kinds: Sequence[str]) -> list[str]:
    return [kind for kind in kinds if getattr(rule, kind) is not None]
