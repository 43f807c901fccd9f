"""Values of a column in tables: the largest ones, and each as a short text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from proctor.errors import printable

MOST, WIDEST = 40, 40
"""Values that are shown, and characters of one."""

_T = TypeVar("_T")


def largest(cells: Sequence[_T], sizes: Sequence[int]) -> list[_T]:
    """The cells with the most documents, in their order.

    Args:
        cells: All of them.
        sizes: How many documents each has.
    """
    places = sorted(range(len(cells)), key=lambda place: -sizes[place])[:MOST]
    return [cells[place] for place in sorted(places)]


def value_text(value: str | None) -> str:
    """A value of a column as a cell of a table.

    Args:
        value: The value; None: documents without the column.
    """
    text = "(none)" if value is None else printable(" ".join(value.split())) or "(empty)"
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
