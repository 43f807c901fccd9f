"""The setting that ends a run when its answer is clear: what it may be, and what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.settings.amounts import number_or_nan

FORM = "must be width=W or against=RUN, and may have alpha=A, metric=NAME and filter=NAME, after against margin=M"
_KEYS = ("width", "against", "margin", "alpha", "metric", "filter")
# A path may hold commas: only what a known key follows separates.
_BOUNDARY = re.compile(rf",\s*(?=(?:{'|'.join(_KEYS)})\s*=)")


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """When a run stops.

    Attributes:
        width: Where half of the score's interval is at most this wide; None: not for that.
        against: Where the comparison with this run is decided: its results file, folder or number; None: not for that.
        margin: Stop where it is decided whether this run is worse than that one by more than this; None: where it is
            decided which is better.
        alpha: The probability that an interval misses, or that a difference is claimed where there is none, at any
            look.
        metric: The score that is looked at; None: the group's or task's first.
        filter: The filter of that score; None: the first.
    """

    width: float | None = None
    against: str | None = None
    alpha: float = 0.05
    metric: str | None = None
    filter: str | None = None
    margin: float | None = None

    @property
    def text(self) -> str:
        """The setting as it is written."""
        given = [(key, getattr(self, key)) for key in _KEYS]
        return ",".join(f"{key}={value}" for key, value in given if value is not None)


def early_stop(value: Any) -> str:
    """The setting in one form: text, so that it can be stored with a run.

    Args:
        value: ``key=value`` pairs as text, or a mapping.

    Raises:
        ValueError: It is none, or one of its values is wrong.
    """
    return read_early_stop(value).text


def read_early_stop(value: Any) -> EarlyStop:
    """When a run stops.

    Args:
        value: As for :func:`early_stop`.

    Raises:
        ValueError: As for :func:`early_stop`.
    """
    given = _pairs(value)
    unknown = [key for key in given if key not in _KEYS]
    if unknown or not given:
        raise ValueError(f"{FORM}, not {value!r}")
    if ("width" in given) == ("against" in given):
        raise ValueError(f"{FORM}: one of width and against, not {'both' if 'width' in given else 'neither'}")
    empty = [key for key in ("against", "metric", "filter") if key in given and not str(given[key]).strip()]
    if empty:
        raise ValueError(f"needs a value after {empty[0]}=")
    if "margin" in given and "against" not in given:
        raise ValueError(f"{FORM}: a margin is one of a comparison")
    names = {key: str(given[key]).strip() for key in ("against", "metric", "filter") if key in given}
    numbers: dict[str, float] = {}
    if "width" in given:
        numbers["width"] = _within(given["width"], 0.5, "a width, half of the score's interval,")
    if "margin" in given:
        numbers["margin"] = _within(given["margin"], 1.0, "a margin")
    if "alpha" in given:
        numbers["alpha"] = _within(given["alpha"], 1.0, "an alpha")
    return EarlyStop(**names, **numbers)  # type: ignore[arg-type]


def _pairs(value: Any) -> Mapping[str, Any]:
    if isinstance(value, EarlyStop):
        value = value.text
    if isinstance(value, Mapping):
        return {str(key): one for key, one in value.items() if one is not None}
    pairs = [part.partition("=") for part in _BOUNDARY.split(str(value).strip())]
    keys = [key.strip().lower() for key, _, _ in pairs]
    if any(not sign for _, sign, _ in pairs) or len(set(keys)) < len(keys):
        return {}
    return {key: one.strip() for key, (_, _, one) in zip(keys, pairs, strict=True)}


def _within(value: Any, most: float, what: str) -> float:
    if 0 < (number := number_or_nan(value)) < most:
        return number
    raise ValueError(f"must have {what} above 0 and below {most:g}, not {value}")
