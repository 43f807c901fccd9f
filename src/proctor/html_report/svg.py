"""Pieces of plots: a linear scale with round ticks, the mark of a run, a strip of scores with their intervals."""

# A run is known by colour, shape and number together: circle, square, triangle, diamond and so on, then the same shapes
# hollow, then all of them in the colour of the next one.
# Marks are paths around (0, 0), so that a legend, a table and a plot show the same thing.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.html_report.markup import Html, element, joined
from proctor.stats.intervals import Interval

_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-3.6 -3.6h7.2v7.2h-7.2z",
    "M0 -4.6L4.6 3.6H-4.6z",
    "M0 -5L5 0L0 5L-5 0z",
    "M-4.4 -1.5h2.9v-2.9h3v2.9h2.9v3h-2.9v2.9h-3v-2.9h-2.9z",
    "M0 4.6L4.6 -3.6H-4.6z",
)
MOST_DOTS = 30
"""Runs in a strip for which its lines are long enough."""
STRIP = 260
"""The width of a strip, and of the plots of differences, in px."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to places on a line.

    Attributes:
        low: The value at the left end.
        high: The value at the right end.
        width: The length of the line in px.
        margin: What is left free at both ends, for marks that stand there.
    """

    low: float
    high: float
    width: float = STRIP
    margin: float = 7

    def x(self, value: float) -> float:
        """The place of a value; beyond the ends, the end.

        Args:
            value: The value.
        """
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.margin + share * (self.width - 2 * self.margin)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values between the ends.

        Args:
            most: How many at most.
        """
        step = round_step((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below ``least``.

    Args:
        least: Above 0.
    """
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= least * (1 - 1e-9))


def scale_around(values: Sequence[float], *, zero: bool = False, most: Interval = (-math.inf, math.inf)) -> Scale:
    """A scale that holds values, with round ends.

    Args:
        values: At least one.
        zero: Whether 0 stands in the middle.
        most: What the ends do not pass.
    """
    low, high = min(values), max(values)
    if zero:
        high = max(abs(low), abs(high), 1e-3)
        low = -high
    step = round_step(max((high - low) / 8, 1e-4))
    first, last = math.floor(low / step), math.ceil(high / step)
    # One value alone still has a line to stand on.
    first, last = (first - 1, last + 1) if first == last else (first, last)
    return Scale(max(most[0], first * step), min(most[1], last * step))


def mark(place: int, x: float = 0, y: float = 0) -> Html:
    """The mark of a run.

    Args:
        place: Its place among the runs, from 0.
        x: Where its middle is.
        y: The same.
    """
    at = f"translate({x:.1f} {y:.1f})" if x or y else None
    hollow = " hollow" if place // len(_SHAPES) % 2 else ""
    return element("path", class_=f"mark run-{colour_of(place)}{hollow}", d=_SHAPES[place % len(_SHAPES)], transform=at)


def colour_of(place: int) -> int:
    """The number of a run's colour: the first six have each its own.

    Args:
        place: Its place among the runs.
    """
    return (place + place // 12) % 6


def key_mark(place: int) -> Html:
    """A run's mark within text.

    Args:
        place: Its place among the runs.
    """
    return element("svg", mark(place), class_="key", viewBox="-6 -6 12 12", aria_hidden="true")


@dataclass(frozen=True, slots=True)
class Dot:
    """One value of a strip: of which run, and its interval; None: it has none."""

    place: int
    value: float
    interval: Interval | None


def strip(dots: Sequence[Dot], scale: Scale, *, backdrop: str | None = None, reference: float | None = None) -> Html:
    """One row of a dot plot: the numbers stand beside it in its table, so it is no picture by itself.

    Args:
        dots: From the top down.
        scale: Of all rows.
        backdrop: The name of its faint lines, of :func:`definitions`.
        reference: Where a dashed line stands: chance, or no difference.
    """
    # Pages have hundreds of these: what they have in common is defined once and used by its name.
    height = _height(len(dots))
    lines = [element("use", href=f"#{backdrop}")] if backdrop else []
    if reference is not None:
        lines.append(_lines([scale.x(reference)], height, "reference"))
    gap = height / (len(dots) + 1) if dots else 0
    shapes = [_dot(dot, scale, gap * (row + 1)) for row, dot in enumerate(dots)]
    return element("svg", *lines, *shapes, viewBox=f"0 0 {STRIP} {height}", aria_hidden="true")


def _height(dots: int) -> int:
    return max(24, 11 * dots + 4)


def _lines(places: Sequence[float], height: float, kind: str) -> Html:
    return element("path", class_=kind, d="".join(f"M{short(x)} 0v{short(height)}" for x in places))


def short(value: float) -> str:
    """A coordinate in tenths of a px.

    Args:
        value: In px.
    """
    return f"{value:.1f}".removesuffix(".0")


def _dot(dot: Dot, scale: Scale, y: float) -> Html:
    bar = None
    if dot.interval is not None:
        low, high = (scale.x(end) for end in dot.interval)
        bar = element("path", class_=f"bar-{colour_of(dot.place)}", d=f"M{short(low)} {short(y)}H{short(high)}")
    return joined(bar, element("use", href=f"#m{dot.place}", x=short(scale.x(dot.value)), y=short(y)))


def definitions(
    runs: int, scale: Scale | None, backdrop: str, ticks: Sequence[float] = (), reference: float | None = None
) -> Html:
    """What strips use by its name: the marks of runs, ``m0`` and so on, and the faint lines of a scale.

    Args:
        runs: How many runs have marks here; 0 where an earlier plot of the page has defined them.
        scale: Of the strips.
        backdrop: The name of the lines.
        ticks: Where they stand.
        reference: Where a dashed line stands in all rows.
    """
    shapes = [element("g", mark(place), id=f"m{place}") for place in range(runs)]
    if scale is not None:
        lines = _lines([scale.x(tick) for tick in ticks], _height(MOST_DOTS), "grid")
        dashed = _lines([scale.x(reference)], _height(MOST_DOTS), "reference") if reference is not None else None
        shapes.append(element("g", lines, dashed, id=backdrop))
    if runs:
        lines = element("path", d="M0 5L5 0", stroke="currentColor", stroke_width="1.2")
        shapes.append(element("pattern", lines, id="hatch", width=5, height=5, patternUnits="userSpaceOnUse"))
    return element("svg", element("defs", *shapes), class_="unseen", aria_hidden="true", width=0, height=0)


def axis(scale: Scale, labels: Sequence[tuple[float, str]], title: str) -> Html:
    """The axis in the head of a column of strips.

    Args:
        scale: Of the strips.
        labels: Values and what is written there.
        title: What a reader hears in its place.
    """
    texts = [element("text", text, x=scale.x(value), y=11, class_="tick") for value, text in labels]
    lines = [element("line", class_="grid", x1=scale.x(value), x2=scale.x(value), y1=15, y2=20) for value, _ in labels]
    return element("svg", element("title", title), *texts, *lines, class_="axis", width=STRIP, height=20,
                   viewBox=f"0 0 {STRIP} 20", role="img", aria_label=title)  # fmt: skip
