"""What filters are made of: one outcome per request, and a sentence where a pattern takes too long."""

from __future__ import annotations

import re

import pytest

from proctor.filters.base import Filter, FilterFailure, each, each_in_time
from proctor.regex_limits import bounded


def test_a_filter_needs_a_method_and_ignores_settings_that_it_does_not_know():
    with pytest.raises(TypeError, match="apply"):
        Filter()

    class Same(Filter):
        def apply(self, resps, docs):
            return resps

    assert Same(any="setting").apply([["a"]], [{}]) == [["a"]]


def test_every_response_of_every_request_is_changed():
    assert each([["a", "b"], [], ["c"]], str.upper) == [["A", "B"], [], ["C"]]


def test_requests_and_what_is_beside_them_go_together():
    assert each_in_time(["a", "b"], lambda request, doc: request + doc, ["x", "y"]) == ["ax", "by"]
    with pytest.raises(ValueError, match="zip"):
        each_in_time(["a", "b"], lambda request, doc: request, ["x"])


def test_a_pattern_without_end_costs_its_request_alone(monkeypatch):
    monkeypatch.setattr(bounded, "SECONDS", 0.2)
    exploding = re.compile("(a+)+$")
    texts = ["aaa", "a" * 60 + "b", "b"]
    first, second, third = each_in_time(texts, lambda text: bounded.findall(exploding, text))
    assert (first, third) == (["aaa"], [])
    assert isinstance(second, FilterFailure)
    assert "(a+)+$" in second.why


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError):
        each_in_time([1], lambda request: request / 0)
