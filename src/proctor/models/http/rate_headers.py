"""When a server says that it may be asked again: the headers of OpenAI's, Anthropic's and other APIs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 600.0
"""Seconds; a server that names a longer wait is asked again after this."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PARTS = re.compile(r"([0-9]{1,12}(?:[.][0-9]{1,9})?)(ms|s|m|h|d)")
_REMAINING = ("x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens")
_ANTHROPIC = "anthropic-ratelimit-"


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until a refused request may be sent again.

    Args:
        headers: The headers of the refusal, names in lower case.
        now: The present as a Unix time in seconds.

    Returns:
        Seconds between 0 and :data:`LONGEST_WAIT`; None where the headers do not say.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return _bounded(milliseconds / 1000)
    if (wait := _wait(headers.get("retry-after"), now)) is not None:
        return wait
    resets = [wait for name, value in headers.items() if _is_reset(name) and (wait := _wait(value, now)) is not None]
    # The reset of what is used up; the others may lie far off.
    return min(resets, default=None)


def held_back(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds for which nothing more should be sent, although the last request succeeded.

    Args:
        headers: The headers of a reply, names in lower case.
        now: The present as a Unix time in seconds.

    Returns:
        Seconds until the limit that is used up is reset; None where none is.
    """
    waits = []
    for name in _REMAINING:
        reset = headers.get(name.replace("remaining", "reset"))
        if _number(headers.get(name)) == 0 and (wait := _wait(reset, now)) is not None:
            waits.append(wait)
    for name, value in headers.items():
        if name.startswith(_ANTHROPIC) and name.endswith("-remaining") and _number(value) == 0:
            wait = _wait(headers.get(name.removesuffix("remaining") + "reset"), now)
            if wait is not None:
                waits.append(wait)
    return max(waits, default=None)


def _is_reset(name: str) -> bool:
    return name.startswith("x-ratelimit-reset") or (name.startswith(_ANTHROPIC) and name.endswith("-reset"))


def _wait(value: str | None, now: float) -> float | None:
    """Seconds from ``12``, ``6m0s``, ``120ms``, an HTTP date or an ISO time."""
    if value is None:
        return None
    value = value.strip()
    if (seconds := _number(value)) is not None:
        return _bounded(seconds)
    parts = _PARTS.findall(value)
    if parts and "".join(number + unit for number, unit in parts) == value:
        return _bounded(sum(float(number) * _UNITS[unit] for number, unit in parts))
    moment = _moment(value)
    return None if moment is None else _bounded(moment - now)


def _moment(value: str) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
        except (ValueError, TypeError, OverflowError):
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None


def _number(value: str | None) -> float | None:
    # No sign, no "nan" and no exponent: a header is a stranger's text.
    if value is None or not re.fullmatch(r"[0-9]{1,12}(?:[.][0-9]{0,9})?", value.strip()):
        return None
    return float(value)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)
