"""Figures of a part of an exam: a frame with axes, and four plots in it. Each stands beside a table of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.baseline_text import label
from proctor.analysis.calibration import Calibration
from proctor.analysis.calibration_null import CalibrationNull
from proctor.analysis.positions import PositionBias
from proctor.analysis.wording import number, span
from proctor.html_report.language import Language, percent
from proctor.html_report.markup import Child, Html, element
from proctor.html_report.pieces import details, run_label, table
from proctor.html_report.svg import colour_of, short
from proctor.stats.intervals import Interval

WIDTH, HEIGHT = 300, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 8, 8, 24


@dataclass(frozen=True, slots=True)
class Frame:
    """Where values stand in a figure.

    Attributes:
        x: The values at the left and right end.
        y: The values at the lower and upper end.
    """

    x: Interval
    y: Interval

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of a pair of values.

        Args:
            x: Along.
            y: Upwards.
        """
        along = (min(max(x, self.x[0]), self.x[1]) - self.x[0]) / (self.x[1] - self.x[0])
        up = (min(max(y, self.y[0]), self.y[1]) - self.y[0]) / (self.y[1] - self.y[0])
        width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
        return round(_LEFT + along * width, 1), round(HEIGHT - _BOTTOM - up * height, 1)

    def axes(self, along: Sequence[tuple[float, str]], up: Sequence[tuple[float, str]]) -> list[Child]:
        """Faint lines across, and the words of both axes.

        Args:
            along: Values and words below.
            up: Values and words at the left.
        """
        heights = [self.at(self.x[0], value)[1] for value, _ in up]
        lines = "".join(f"M{_LEFT} {short(y)}H{WIDTH - _RIGHT}" for y in heights)
        parts: list[Child] = [element("path", class_="grid", d=lines)]
        for y, (_, text) in zip(heights, up, strict=True):
            parts.append(element("text", text, class_="tick left", x=_LEFT - 6, y=round(y + 3.5, 1)))
        for value, text in along:
            parts.append(element("text", text, class_="tick", x=self.at(value, self.y[0])[0], y=HEIGHT - 8))
        return parts

    def line(self, points: Sequence[tuple[float, float]]) -> str:
        """A path through points.

        Args:
            points: Pairs of values.
        """
        return "".join(
            f"{'L' if place else 'M'}{short(x)} {short(y)}"
            for place, (x, y) in enumerate(self.at(*one) for one in points)
        )

    def bar(self, x: Interval, y: Interval) -> str:
        """A bar as a part of a path: those of one kind are one shape.

        Args:
            x: The values at its left and right.
            y: The values at its lower and upper end.
        """
        (left, top), (right, bottom) = self.at(x[0], y[1]), self.at(x[1], y[0])
        return _box(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot and its numbers: a title, what it shows in a sentence, the picture, the head and rows of the table."""

    title: str
    said: str
    picture: Sequence[Child]
    headers: Sequence[Child]
    rows: Sequence[Sequence[str]]
    label: Child = None

    def html(self, language: Language) -> Html:
        """The figure.

        Args:
            language: Of the words.
        """
        picture = element(
            "svg",
            element("title", f"{self.title}. {self.said}"),
            *self.picture,
            class_="figure",
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            aria_label=f"{self.title}. {self.said}",
        )
        body = element("tbody", *[_line(row) for row in self.rows])
        numbers = details(
            language.text("as_table"),
            table(list(self.headers), body, label=self.title, class_="plain"),
            class_="archive",
        )
        caption = element(
            "figcaption",
            self.label,
            " " if self.label else None,
            element("b", self.title),
            " ",
            element("span", self.said, class_="ci"),
        )
        return element("figure", caption, picture, numbers)


def _line(row: Sequence[str]) -> Html:
    return element("tr", element("th", row[0], scope="row"), *[element("td", text, class_="num") for text in row[1:]])


def _mark(run: int, x: float, y: float) -> Html:
    """A run's mark, as the table of scores has defined it."""
    return element("use", href=f"#m{run}", x=x, y=y)


def _box(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as a part of a path; one without height would still have an edge, so it is nothing."""
    return f"M{short(x)} {short(y)}h{short(width)}v{short(height)}h{short(-width)}z" if round(height, 1) else ""


_SHARES = [(0.0, "0"), (0.5, "50"), (1.0, "100")]


def positions_figure(found: Sequence[tuple[int, PositionBias]], p_text: str, language: Language) -> Figure:
    """How often each position is picked, beside how often it is right.

    Args:
        found: By run, positions; the golds are those of the first.
        p_text: What the test says.
        language: Of the words.
    """
    first = found[0][1]
    most = max(max(*one.chosen_share, *one.gold_share) for _, one in found)
    frame = Frame((0, first.options), (0, max(0.3, most * 1.1)))
    step = 0.1 if frame.y[1] < 0.6 else 0.25
    ups = [(tick * step, f"{100 * tick * step:.0f}") for tick in range(int(frame.y[1] / step) + 1)]
    picture = frame.axes([(place + 0.5, label(place)) for place in range(first.options)], ups)
    bars = [frame.bar((place + 0.18, place + 0.82), (0, share)) for place, share in enumerate(first.gold_share)]
    picture.append(element("path", class_="gold-bar", d="".join(bars)))
    for place in range(first.options):
        for row, (run, one) in enumerate(found):
            if place < len(one.chosen_share):
                middle = place + 0.5 + 0.16 * (row - (len(found) - 1) / 2)
                picture.append(_mark(run, *frame.at(middle, one.chosen_share[place])))
    rows = [
        [
            label(place),
            percent(share, 1),
            *[percent(one.chosen_share[place], 1) for _, one in found if place < one.options],
        ]
        for place, share in enumerate(first.gold_share)
    ]
    headers = ["", language.text("position_gold"), *[_picked(run, language) for run, _ in found]]
    return Figure(language.text("positions"), p_text, picture, [language.text("position"), *headers[1:]], rows)


def _picked(run: int, language: Language) -> Html:
    return element("th", run_label(run), " ", language.text("position_picked"), scope="col", class_="num")


def confusion_table(run: int, found: PositionBias, language: Language) -> Html:
    """Gold position against picked position, shaded by the share of its row.

    Args:
        run: The run.
        found: Its positions.
        language: Of the words.
    """
    heads = [element("th", label(place), scope="col", class_="num") for place in range(found.options)]
    rows = []
    for place, counts in enumerate(found.table):
        total = sum(counts) or 1
        cells = [
            element(
                "td",
                f"{count:,}",
                class_=f"num{' hit' if place == chosen else ''}",
                style=f"--share:{round(100 * count / total)}%",
            )
            for chosen, count in enumerate(counts)
        ]
        rows.append(element("tr", element("th", label(place), scope="row"), *cells))
    title = element("caption", run_label(run), " ", language.text("confusion"))
    head = element("thead", element("tr", element("td"), *heads))
    return element("table", title, head, element("tbody", *rows), class_="confusion")


def reliability_figure(run: int, found: Calibration, null: CalibrationNull, language: Language) -> Figure:
    """Confidence against accuracy in ten bins, with what chance gives a model that is calibrated.

    Args:
        run: The run.
        found: The bins.
        null: The band of each.
        language: Of the words.
    """
    frame = Frame((0, 1), (0, 1))
    picture = frame.axes([(0, "0"), (0.5, language.text("confidence")), (1, "100")], _SHARES)
    picture.append(element("path", class_="reference", d=frame.line([(0, 0), (1, 1)])))
    known = [(one, band) for one, band in zip(found.bins, null.bands, strict=True) if one.confidence is not None]
    boxes = ""
    for one, band in known:
        if band is not None and one.confidence is not None:
            x, high = frame.at(one.confidence, band[1])
            boxes += _box(x - 5, high, 10, max(1, frame.at(one.confidence, band[0])[1] - high))
    picture.append(element("path", class_="band", d=boxes))
    for one, _ in known:
        if one.confidence is not None and one.accuracy is not None:
            picture.append(_mark(run, *frame.at(one.confidence, one.accuracy)))
    said = language.text("ece", ece=number(found.ece, 3), null=number(null.expected, 3))
    rows = [
        [f"{place + 1}", f"{one.n:,}", percent(one.confidence or 0, 1), percent(one.accuracy or 0, 1), span(band, 3)]
        for place, (one, band) in enumerate(known)
    ]
    headers = [language.text("bin"), "n", language.text("confidence"), language.text("accuracy"), language.text("band")]
    return Figure(language.text("reliability"), said, picture, headers, rows, run_label(run))


def margin_figure(run: int, right: Sequence[float], wrong: Sequence[float], language: Language) -> Figure:
    """By how many nats the pick leads, of right and of wrong questions.

    Args:
        run: The run.
        right: The leads of questions that are right.
        wrong: Of those that are wrong.
        language: Of the words.
    """
    edges = [0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0]
    counts = [
        [sum(low <= value < high for value in values) for low, high in zip(edges, [*edges[1:], 1e9], strict=True)]
        for values in (right, wrong)
    ]
    most = max(a + b for a, b in zip(*counts, strict=True)) or 1
    frame = Frame((0, len(edges)), (0, most))
    names = [f"{edge:g}" for edge in edges]
    picture = frame.axes([(place, name) for place, name in enumerate(names)], [(0, "0"), (most, f"{most:,}")])
    lows = [0] * len(edges)
    for kind, values in zip(("right", "wrong"), counts, strict=True):
        bars = [
            frame.bar((place + 0.06, place + 0.94), (low, low + count))
            for place, (low, count) in enumerate(zip(lows, values, strict=True))
        ]
        picture.append(element("path", class_=f"stack {kind} run-{colour_of(run)}", d="".join(bars)))
        lows = values
    rows = [
        [
            f"{name} +" if place == len(names) - 1 else f"{name} – {names[place + 1]}",
            f"{counts[0][place]:,}",
            f"{counts[1][place]:,}",
        ]
        for place, name in enumerate(names)
    ]
    headers = [language.text("lead"), language.text("right"), language.text("wrong")]
    return Figure(language.text("margins"), language.text("margins_said"), picture, headers, rows, run_label(run))


@dataclass(frozen=True, slots=True)
class LengthBin:
    """Questions of about one length: from and to how many characters, and of each run accuracy and interval."""

    low: int
    high: int
    n: int
    scores: Sequence[tuple[int, float, Interval | None]]


def length_figure(bins: Sequence[LengthBin], language: Language) -> Figure:
    """Accuracy by the length of the question, in equal parts.

    Args:
        bins: From the shortest to the longest.
        language: Of the words.
    """
    frame = Frame((0, len(bins)), (0, 1))
    picture = frame.axes([(place + 0.5, f"≤{one.high:,}") for place, one in enumerate(bins)], _SHARES)
    for place, one in enumerate(bins):
        for row, (run, score, interval) in enumerate(one.scores):
            middle = place + 0.5 + 0.2 * (row - (len(one.scores) - 1) / 2)
            if interval:
                x, low = frame.at(middle, interval[0])
                picture.append(
                    element("path", class_=f"bar-{colour_of(run)}", d=f"M{x} {low}V{frame.at(middle, interval[1])[1]}")
                )
            picture.append(_mark(run, *frame.at(middle, score)))
    rows = [
        [
            f"{one.low:,} – {one.high:,}",
            f"{one.n:,}",
            *[f"{percent(score, 1)} {span(interval, 3)}" for _, score, interval in one.scores],
        ]
        for one in bins
    ]
    runs = [element("th", run_label(run), scope="col", class_="num") for run, _, _ in bins[0].scores]
    headers = [language.text("characters"), "n", *runs]
    return Figure(language.text("by_length"), language.text("by_length_said"), picture, headers, rows)
