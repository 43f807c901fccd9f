"""What settings that bound a run accept: an amount of money, a number or a share of requests."""

from __future__ import annotations

import math
from typing import Any


def amount(value: Any) -> float:
    """An amount of money."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and number > 0:
        return number
    raise ValueError(f"must be an amount above 0, not {value!r}")


def error_limit(value: Any) -> float:
    """How many requests may be refused: a number, below 1 a share, or ``5%``."""
    spelled = value.strip() if isinstance(value, str) else value
    is_percent = isinstance(spelled, str) and spelled.endswith("%")
    try:
        number = math.nan if isinstance(value, bool) else float(spelled[:-1] if is_percent else spelled)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if is_percent and 0 <= number < 100:
        return number / 100
    if not is_percent and (0 <= number < 1 or (math.isfinite(number) and number >= 1 and number == int(number))):
        return number
    raise ValueError(
        f"must be a whole number of requests, or a share of them below 1 or below 100%, not {value!r}; "
        "0 stops at the first"
    )
