"""Filters of jinja within bounds: the same result as jinja's, or a refusal before anything large is made."""

from __future__ import annotations

import pytest
from jinja2 import Environment
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext

from proctor import template_limits
from proctor.template_filters import bounded_filter, check_size
from proctor.template_limits import budget
from proctor.template_sizes import TemplateTooLarge

ENVIRONMENT = Environment()


@pytest.fixture(autouse=True)
def _fresh_bounds():
    budget.renew()


@pytest.mark.parametrize(
    ("name", "value", "args"),
    [
        ("trim", "  x ", ()),
        ("trim", "--x-", ("-",)),
        ("upper", "abc", ()),
        ("center", "x", (9,)),
        ("replace", "banana", ("a", "o")),
        ("default", "", ("y", True)),
        ("length", [1, 2, 3], ()),
        ("join", ["a", "b"], (", ",)),
        ("first", [5, 6], ()),
        ("tojson", {"a": 1}, ()),
        ("sort", [3, 1, 2], ()),
    ],
)
def test_results_are_jinjas(name, value, args):
    plain = FILTERS[name]
    passed = {"environment": (ENVIRONMENT,), "eval_context": (EvalContext(ENVIRONMENT),)}.get(
        getattr(getattr(plain, "jinja_pass_arg", None), "name", ""), ()
    )
    assert bounded_filter(name, plain)(*passed, value, *args) == plain(*passed, value, *args)


def test_what_a_filter_would_make_is_refused_before_it_is_called():
    called = []
    bounded = bounded_filter("center", lambda *args: called.append(args))
    with pytest.raises(TemplateTooLarge):
        bounded("x", 10**9)
    assert called == []


def test_what_a_filter_has_made_is_measured():
    bounded = bounded_filter("upper", lambda value: value * 20_000_000)
    with pytest.raises(TemplateTooLarge):
        bounded("x")


def test_each_call_costs_a_step(monkeypatch):
    monkeypatch.setattr(template_limits, "STEPS", 500)
    budget.renew()
    trim = bounded_filter("trim", FILTERS["trim"])
    with pytest.raises(TemplateTooLarge, match="steps"):
        for _ in range(501):
            trim(" x")


def test_arguments_that_do_not_fit_are_the_filters_own_affair():
    check_size(len, (5,), {})
    check_size(lambda value: value, (1, 2), {})
    with pytest.raises(TemplateTooLarge):
        check_size(lambda: 10**9, (), {})
