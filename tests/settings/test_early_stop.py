"""What --early_stop accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.settings.config import build_config
from proctor.settings.early_stop import EarlyStop, early_stop, read_early_stop


def build(value, **more):
    return build_config({"model": "dummy", "tasks": ["a"], "early_stop": value, **more})


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("width=0.02", EarlyStop(width=0.02)),
        (" Width = 0.02 , alpha = 1e-3 ", EarlyStop(width=0.02, alpha=0.001)),
        ("against=out/a,b=c/run.json,alpha=0.1", EarlyStop(against="out/a,b=c/run.json", alpha=0.1)),
        ("against=17", EarlyStop(against="17")),
        ("against=17,margin=0.01", EarlyStop(against="17", margin=0.01)),
        ({"width": 0.02, "metric": "acc_norm", "alpha": None}, EarlyStop(width=0.02, metric="acc_norm")),
        ("width=0.3,metric=exact_match,filter=flexible", EarlyStop(0.3, metric="exact_match", filter="flexible")),
        (EarlyStop(width=0.1), EarlyStop(width=0.1)),
    ],
)
def test_a_rule_is_read_as_it_is_meant(value, rule):
    assert read_early_stop(value) == rule
    assert read_early_stop(early_stop(value)) == rule


@given(st.floats(1e-300, 0.4999), st.floats(1e-300, 0.9999), st.one_of(st.none(), st.text("ab_-", min_size=1)))
def test_the_stored_form_gives_the_same_rule(width, alpha, metric):
    rule = EarlyStop(width=width, alpha=alpha, metric=metric)
    assert read_early_stop(rule.text) == rule


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("width=0", "--early_stop must have a width, half of the score's interval, above 0 and below 0.5, not 0."),
        ("width=-0.1", "above 0 and below 0.5, not -0.1"),
        ("width=0.5", "above 0 and below 0.5, not 0.5"),
        ("width=nan", "above 0 and below 0.5, not nan"),
        ("width=wide", "above 0 and below 0.5, not wide"),
        ({"width": True}, "above 0 and below 0.5, not True"),
        ("width=0.02,alpha=0", "must have an alpha above 0 and below 1, not 0"),
        ("width=0.02,alpha=1", "must have an alpha above 0 and below 1, not 1"),
        ("width=0.02,alpha=5 %", "must have an alpha above 0 and below 1, not 5 %"),
        ("width=0.02,against=1", "one of width and against, not both"),
        ("alpha=0.1", "one of width and against, not neither"),
        ("against=1,margin=0", "must have a margin above 0 and below 1, not 0"),
        ("against=1,margin=-1", "must have a margin above 0 and below 1, not -1"),
        ("width=0.1,margin=0.1", "a margin is one of a comparison"),
        ("against=", "needs a value after against="),
        ("width=0.1,metric= ", "needs a value after metric="),
        (
            "0.02",
            "must be width=W or against=RUN, and may have alpha=A, metric=NAME and filter=NAME, after against margin=M",
        ),
        ("width=0.1,width=0.2", "must be width=W or against=RUN"),
        ("depth=1", "must be width=W or against=RUN"),
        ({"depth": 1}, "must be width=W or against=RUN"),
        ({}, "must be width=W or against=RUN"),
        (True, "must be width=W or against=RUN"),
    ],
)
def test_what_is_wrong_is_said(value, sentence):
    with pytest.raises(UsageError) as caught:
        build(value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"limit": 10}, "--early_stop decides how many documents are asked: leave --limit out."),
        ({"samples": {"a": [1]}}, "--early_stop decides how many documents are asked: leave --samples out."),
        ({"batch": True}, "--early_stop waits for each chunk, and a job of --batch may take a day"),
        ({"predict_only": True, "output_path": "x"}, "--early_stop looks at scores, and --predict_only computes none"),
    ],
)
def test_settings_that_do_not_go_with_it(more, sentence):
    with pytest.raises(UsageError) as caught:
        build("width=0.02", **more)
    assert sentence in str(caught.value)


def test_without_it_runs_are_whole():
    assert build_config({"model": "dummy", "tasks": ["a"]}).early_stop is None
