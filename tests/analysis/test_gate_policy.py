"""Policies: a default with rules laid over it, names and patterns, all mistakes at once."""

from __future__ import annotations

import pytest

from proctor.analysis.gate_policy import Policy, Rule, policy_of, rules_of
from proctor.errors import UsageError


def test_rules_are_laid_over_the_default():
    policy = policy_of(
        {
            "default": {"metric": "acc", "max_drop": 0.01},
            "tasks": {"mmlu": {"max_drop": 0.005}, "kmmlu_*": None, "hellaswag": {"tier": "advisory", "min": 1}},
        },
        "gate.yaml",
    )
    assert policy.default == Rule("acc", 0.01)
    assert policy.rules["mmlu"] == Rule("acc", 0.005)
    assert policy.rules["kmmlu_*"] == policy.default
    assert policy.rules["hellaswag"] == Rule("acc", 0.01, None, 1.0, None, "advisory")


def test_a_name_goes_before_patterns_and_the_last_pattern_before_others():
    rules = {"a_x": Rule(min=1.0), "a_*": Rule(min=2.0), "*": Rule(min=3.0), "gone": Rule(min=4.0)}
    found = rules_of(Policy(Rule(), rules), ["a_x", "a_y", "b"], ["b"])
    assert {name: rule.min for name, rule in found.items()} == {"a_x": 1.0, "a_y": 3.0, "b": 3.0, "gone": 4.0}


def test_without_names_the_roots_are_checked():
    assert rules_of(Policy(Rule(min=0.5), {}), ["g", "t"], ["g"]) == {"g": Rule(min=0.5)}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"task": {}}, "there is no key 'task'. Did you mean 'tasks'?"),
        ({"default": 3}, "default: a rule is a mapping"),
        ({"tasks": ["mmlu"]}, "tasks: it must be a mapping"),
        ({"tasks": {1: {}}}, "tasks: 1 is no name of a task"),
        ({"tasks": {"t": "high"}}, "tasks: t: a rule is a mapping"),
        ({"default": {"max_dorp": 1}}, "default: there is no key 'max_dorp'. Did you mean 'max_drop'?"),
        ({"default": {"max_drop": "1 %"}}, "max_drop is '1 %'; it must be a number of 0 or more"),
        ({"default": {"max_drop": -0.1}}, "max_drop is -0.1"),
        ({"default": {"max_drop": True}}, "max_drop is True"),
        ({"default": {"min": float("nan")}}, "min is nan; it must be a number."),
        ({"default": {"tier": "must"}}, "tier is 'must'; it must be required or advisory"),
        ({"default": {"metric": ["acc"]}}, r"metric is \['acc'\]"),
    ],
)
def test_mistakes_are_sentences(values, sentence):
    with pytest.raises(UsageError, match=rf"gate\.yaml: .*{sentence}"):
        policy_of(values, "gate.yaml")


def test_all_mistakes_are_said_at_once():
    with pytest.raises(UsageError) as error:
        policy_of({"default": {"tier": 1}, "tasks": {"t": {"max_drop": "x"}, "u": 3}}, "gate.yaml")
    assert len(error.value.message.splitlines()) == 3
