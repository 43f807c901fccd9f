"""What settings that bound a run accept: amounts, numbers and shares."""

from __future__ import annotations

import math

import pytest

from proctor.errors import UsageError
from proctor.settings.amounts import amount, error_limit, number_or_nan
from proctor.settings.config import build_config


@pytest.mark.parametrize(("given", "value"), [("1%", 0.01), ("0.5%", 0.005), ("0", 0), ("50", 50), (0.2, 0.2)])
def test_a_limit_is_a_number_or_a_share(given, value):
    assert build_config({"tasks": ["a"], "max_errors": given}).max_errors == value


@pytest.mark.parametrize("given", ["100%", "-1", "1.5", "many", "nan", "inf", "%", True])
def test_what_is_no_limit(given):
    with pytest.raises(UsageError, match="--max_errors must be a whole number of requests, or a share"):
        build_config({"tasks": ["a"], "max_errors": given})


@pytest.mark.parametrize("wrong", [0, -1, "nan", "inf", "much", True])
def test_what_is_no_amount(wrong):
    with pytest.raises(UsageError, match="--max_cost must be an amount above 0"):
        build_config({"tasks": ["a"], "prices": "p.yaml", "max_cost": wrong})


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3.0), ("2.5", 2.5), (" 1e3 ", 1000.0), ("inf", math.inf), (-1, -1.0)]
)
def test_a_text_that_spells_a_number_is_one(value, number):
    assert number_or_nan(value) == number


@pytest.mark.parametrize("value", [True, False, None, "", "many", [1], {}, 10**400, "0x10"])
def test_anything_else_is_not_a_number(value):
    assert math.isnan(number_or_nan(value))


@pytest.mark.parametrize(("value", "number"), [(0.01, 0.01), ("12", 12.0), (1e300, 1e300)])
def test_an_amount_is_above_0_and_finite(value, number):
    assert amount(value) == number


@pytest.mark.parametrize(
    ("value", "limit"), [("5%", 0.05), (" 0% ", 0.0), ("99.5%", 0.995), (0.999, 0.999), (1, 1.0), ("1e3", 1000.0)]
)
def test_percents_shares_and_numbers(value, limit):
    assert error_limit(value) == pytest.approx(limit, rel=1e-12)
