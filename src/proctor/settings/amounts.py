"""What settings that bound a run accept: an amount of money, a number or a share of requests."""

from __future__ import annotations

import math
from typing import Any


def number_or_nan(value: Any) -> float:
    """A number, or a text that spells one, as a float; NaN for anything else, booleans included."""
    try:
        return math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def amount(value: Any) -> float:
    """An amount of money."""
    if 0 < (number := number_or_nan(value)) < math.inf:
        return number
    raise ValueError(f"must be an amount above 0, not {value!r}")


def error_limit(value: Any) -> float:
    """How many requests may be refused: a number, below 1 a share, or ``5%``."""
    spelled = value.strip() if isinstance(value, str) else value
    is_percent = isinstance(spelled, str) and spelled.endswith("%")
    number = number_or_nan(spelled[:-1] if is_percent else spelled)
    if is_percent and 0 <= number < 100:
        return number / 100
    if not is_percent and (0 <= number < 1 or (math.isfinite(number) and number >= 1 and number == int(number))):
        return number
    raise ValueError(
        f"must be a whole number of requests, or a share of them below 1 or below 100%, not {value!r}; "
        "0 stops at the first"
    )
