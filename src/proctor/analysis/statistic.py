"""A statistic that may not exist, and the checks of values that all statistics share."""

from __future__ import annotations

import math
from collections.abc import Sequence, Sized
from dataclasses import dataclass

from proctor.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number, or None and the reason why there is none: a sentence without its full stop."""

    value: float | None
    reason: str | None = None


def check_some(values: Sized, what: str) -> None:
    """Raise where there are no values.

    Args:
        values: Anything with a length.
        what: What the values are, in the plural.

    Raises:
        AnalysisError: There are none.
    """
    if not len(values):
        raise AnalysisError(f"There are no {what}: a statistic needs at least one.")


def check_same_length(first: Sized, second: Sized, what: str) -> None:
    """Raise where two sequences that belong together differ in length.

    Args:
        first: One sequence.
        second: The other one.
        what: What they hold, as "scores and clusters".

    Raises:
        AnalysisError: They differ.
    """
    if len(first) != len(second):
        raise AnalysisError(f"{len(first)} and {len(second)} {what}: there must be as many of one as of the other.")


def check_finite(values: Sequence[float], what: str) -> None:
    """Raise where a value is NaN or infinite: who calls leaves such documents out and counts them.

    Args:
        values: Numbers.
        what: What they are, in the singular.

    Raises:
        AnalysisError: One of them is not finite; the message has its position.
    """
    if not all(map(math.isfinite, values)):
        position = next(i for i, value in enumerate(values) if not math.isfinite(value))
        raise AnalysisError(
            f"The {what} at position {position} is {values[position]}: leave out values that are not finite."
        )


def check_share(value: float, what: str) -> None:
    """Raise where a number does not lie between 0 and 1, both excluded.

    Args:
        value: A level, a power, an alpha.
        what: What it is.

    Raises:
        AnalysisError: It does not.
    """
    if not 0 < value < 1:
        raise AnalysisError(f"{what} is {value}: it must lie between 0 and 1.")


def is_binary(values: Sequence[float]) -> bool:
    """Whether all values are 0 or 1 (False and True count as such).

    Args:
        values: Numbers.
    """
    return all(value in (0, 1) for value in values)
