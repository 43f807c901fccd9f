"""The settings of multiple choice: orders, and which kinds of options keep their place."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.settings.choice_settings import (
    choice_orders,
    choice_orders_keep,
    formulation_names,
    formulations,
    kinds_kept,
)
from proctor.settings.config import build_config
from proctor.tasks.choice_orders import KINDS


@pytest.mark.parametrize("wrong", ["circular", "sampled", "sampled:0", "sampled:x", "", 3])
def test_orders_that_there_are_not(wrong):
    with pytest.raises(UsageError, match="canonical, cyclic, all or sampled:M"):
        build_config({"model": "dummy", "tasks": ["letters"], "choice_orders": wrong})


@pytest.mark.parametrize("wrong", ["free", "sorted+", "pinned,sorted"])
def test_kinds_that_there_are_not(wrong):
    with pytest.raises(UsageError, match="auto, none, or kinds"):
        build_config({"model": "dummy", "tasks": ["letters"], "choice_orders_keep": wrong})


@pytest.mark.parametrize(
    ("given", "orders"),
    [("canonical", "canonical"), (" Cyclic ", "cyclic"), ("ALL", "all"), ("sampled:12", "sampled:12")],
)
def test_orders_are_read_without_case_and_spaces(given, orders):
    assert choice_orders(given) == orders
    assert build_config({"model": "dummy", "tasks": ["a"], "choice_orders": given}).choice_orders == orders


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ("auto", set(KINDS)),
        ("none", set()),
        ("sorted", {"sorted"}),
        ("Pinned+Fixed", {"pinned", "fixed"}),
        (" sorted+sorted ", {"sorted"}),
    ],
)
def test_the_kinds_that_keep_an_order(given, kinds):
    assert kinds_kept(choice_orders_keep(given)) == kinds


def test_without_a_word_options_stay_in_their_order():
    config = build_config({"model": "dummy", "tasks": ["a"]})
    assert (config.mc, config.choice_orders, config.choice_orders_keep) == ("auto", "canonical", "auto")


@pytest.mark.parametrize("wrong", ["letters", "text,", "", "cloze,text", 3, []])
def test_formulations_that_there_are_not(wrong):
    with pytest.raises(UsageError, match="must be task or names of letter, hybrid, text, generate joined by commas"):
        build_config({"model": "dummy", "tasks": ["letters"], "formulations": wrong})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("task", "task"),
        ("text", "task,text"),
        (" Text, LETTER ,text", "task,letter,text"),
        (["generate", "hybrid"], "task,hybrid,generate"),
    ],
)
def test_the_tasks_own_formulation_always_comes_first_and_no_other_twice(given, wanted):
    assert formulations(given) == wanted
    config = build_config({"model": "dummy", "tasks": ["a"], "formulations": given})
    assert (config.formulations, config.choices_only) == (wanted, False)
    assert formulation_names(wanted) == tuple(wanted.split(",")[1:])
