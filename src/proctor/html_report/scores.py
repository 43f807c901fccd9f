"""Section 2: the tree of groups and tasks, each with its score, its interval, and a row of a dot plot."""

# The plot is a column of the table: a row's marks stand beside its numbers, and both print together. Groups open and
# close without a script: a box in the row of a group hides, by a rule of style, the rows that are inside it.

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.run_audit import ScoreAudit
from proctor.analysis.task_scores import name_of
from proctor.analysis.wording import in_points, number, span
from proctor.html_report.facts import ReportFacts, Row
from proctor.html_report.heat import MANY, heat_cells
from proctor.html_report.language import Language
from proctor.html_report.markup import Child, Html, element, isolated, joined
from proctor.html_report.pieces import details, run_label, run_number, score_text, section, table
from proctor.html_report.svg import Dot, Scale, axis, definitions, key_mark, scale_around, strip
from proctor.results.stored_run import StoredRun
from proctor.results.text_state import TextState

_LEAST_RANGE = 0.1
_BETWEEN = " / "
"""Between the numbers of runs in one cell."""
OPEN_ROWS = 60
"""Rows above which the innermost groups start closed."""
INTERVALS = 3
"""Runs up to which intervals stand in the table; of more, in the plot and where the mouse rests."""


def scores(facts: ReportFacts, rows: tuple[Row, ...], language: Language) -> Html | None:
    """The section; None where no run has a score.

    Args:
        facts: What there is.
        rows: The tree of scores.
        language: Of the words.
    """
    shown = [row for row in rows if row.is_group or row.first is not None]
    if all(row.first is None for row in shown):
        return None
    many = len(facts.runs) >= MANY
    scale = None if many else _scale(shown)
    has_chance = any(row.chance is not None for row in shown)
    columns = _Columns(facts, shown, language, _Plot(scale))
    folds = _folds(shown)
    lines = [element("tr", *columns.cells(row, folds), class_=_classes(row, folds)) for row in shown]
    return section(
        "scores",
        language.text("scores"),
        _fold_rules(folds),
        definitions(len(facts.runs), scale, "gs", scale.ticks() if scale else ()),
        _legend(facts, scale, language, has_chance=has_chance),
        table(
            [*columns.headers()],
            element("tbody", *lines),
            label=language.text("scores"),
            class_="tree heated" if many else "tree",
        ),
        element("p", language.text("heat_note"), class_="note") if many else None,
        element("p", " ".join(columns.notes()), class_="note"),
        _all_metrics(facts, rows, language),
    )


class _Columns:
    """The columns of text: what no row has is no column.

    Args:
        facts: What there is.
        rows: The rows that are shown.
        language: Of the words.
        plot: The column of the plot.
    """

    def __init__(self, facts: ReportFacts, rows: Sequence[Row], language: Language, plot: _Plot) -> None:
        self._facts, self._language, self._plot = facts, language, plot
        tasks = [row for row in rows if not row.is_group]
        self._has_chance = any(row.chance is not None for row in rows)
        states: tuple[TextState, ...] = ("unread", "unfinished")
        self._states: list[TextState] = [state for state in states if any(any(row.written(state)) for row in rows)]
        self._has_filter = any(row.first and row.first.metric[1] != "none" for row in tasks)
        self._has_shots = any(_shots(facts.runs, row.name) for row in tasks)
        shown = [_shots(facts.runs, row.name) for row in rows]
        shown += [_written(row.written(state)) for row in rows for state in self._states]
        self._is_by_run = any(_BETWEEN in text for text in shown)

    def notes(self) -> Iterator[str]:
        """What cells mean that do not say it."""
        yield self._language.text("scores_note")
        if self._has_chance:
            yield self._language.text("chance_note")
        if self._is_by_run:
            yield self._language.text("by_run_note")

    def headers(self) -> Iterator[Child]:
        """The cells of the head."""
        text = self._language.text
        yield text("task")
        for place in range(len(self._facts.runs)):
            name = run_label(place) if len(self._facts.runs) > 1 else text("score")
            yield element("th", name, scope="col", class_="num")
        if self._plot.scale is not None:
            yield element("th", self._plot.head(text("plot")), scope="col", class_="plot")
        yield element("th", text("n"), scope="col", class_="num", title=text("n_title"))
        if self._has_chance:
            yield element("th", text("chance"), scope="col", class_="num")
        for state in self._states:
            name = text("unread") if state == "unread" else text("unfinished")
            yield element("th", name, scope="col", class_="num")
        yield element("th", text("metric"), scope="col")
        if self._has_shots:
            yield element("th", text("shots"), scope="col", class_="num", title=text("shots_title"))

    def cells(self, row: Row, folds: dict[str, tuple[str, bool]]) -> Iterator[Child]:
        """The cells of a row.

        Args:
            row: The row.
            folds: Of groups, the name of their box and whether it is open.
        """
        yield element("th", _name(row, folds, self._language), scope="row", style=f"--depth:{row.depth}")
        yield from self._scores(row)
        if self._plot.scale is not None:
            yield element("td", self._plot.row(row), class_="plot")
        yield element("td", *_counts(row))
        if self._has_chance:
            yield element("td", "" if row.chance is None else number(row.chance, 3), class_="quiet")
        for state in self._states:
            yield element("td", _written(row.written(state)))
        yield element("td", _metric(row.first, with_filter=self._has_filter), class_="text quiet")
        if self._has_shots:
            yield element("td", _shots(self._facts.runs, row.name), class_="quiet")

    def _scores(self, row: Row) -> Iterator[Child]:
        runs = self._facts.runs
        if len(runs) >= MANY:
            higher = row.first is None or runs[0].higher_is_better(row.name, row.first.metric[0])
            yield from heat_cells(row.scores, higher_is_better=higher)
            return
        several = len(runs) > INTERVALS
        for score in row.scores:
            interval = span(score.interval, 3) if several and score and score.interval else None
            yield element("td", score_text(score, interval=not several), title=interval)


def _name(row: Row, folds: dict[str, tuple[str, bool]], language: Language) -> Html:
    if row.name not in folds:
        return isolated(row.alias)
    box, is_open = folds[row.name]
    label = language.text("fold", name=row.alias)
    return joined(
        element("input", type="checkbox", class_="fold", id=box, checked=is_open, aria_label=label),
        element("label", isolated(row.alias), for_=box),
    )


def _metric(score: ScoreAudit | None, *, with_filter: bool) -> Child:
    """Metric and filter; a line may end between them."""
    if score is None:
        return ""
    metric, comma, chosen = name_of(score.metric).partition(",")
    return joined(metric, comma, element("wbr"), chosen) if with_filter and comma else metric


def _counts(row: Row) -> Iterator[Child]:
    """How many documents; where runs differ, the most, and then the runs that had fewer."""
    counts = [one.n if one else None for one in row.scores]
    most = max((count for count in counts if count is not None), default=None)
    if most is None:
        return
    if len(counts) >= MANY:
        least = min(count for count in counts if count is not None)
        yield f"{most:,}" if least == most else f"{least:,}–{most:,}"
        return
    yield f"{most:,}"
    for place, count in enumerate(counts):
        if count is not None and count < most:
            yield element("span", run_label(place), f" {count:,}", class_="fewer")


def _written(counts: Sequence[int]) -> str:
    """Of each run; once where all are equal."""
    if not any(counts):
        return ""
    shown = [f"{count:,}" for count in counts]
    return shown[0] if len(set(shown)) == 1 else _BETWEEN.join(shown)


def _shots(runs: Sequence[StoredRun], name: str) -> str:
    """Of the runs that have a score here; a dash where its tasks have several numbers, "" where none is known."""
    counts = [run.section("n-shot").get(name) for run in runs if name in run.section("results")]
    shown = [str(count) if isinstance(count, int) else "–" for count in counts]
    if set(shown) <= {"–"}:
        return ""
    several = ", ".join(sorted(set(shown))) if len(runs) >= MANY else _BETWEEN.join(shown)
    return shown[0] if len(set(shown)) == 1 else several


def _is_share(row: Row) -> bool:
    known = [score for score in row.scores if score is not None]
    return bool(known) and all(in_points(score.score) and score.metric[0] not in STATISTICS for score in known)


def _scale(rows: Sequence[Row]) -> Scale | None:
    """One scale for all shares; None where there are none."""
    values = list[float]()
    for row in rows:
        if _is_share(row):
            values += [score.score for score in row.scores if score]
            values += [end for score in row.scores if score and score.interval for end in score.interval]
            values += [row.chance] if row.chance is not None else []
    if not values:
        return None
    # Scores without intervals may all be one: the axis needs a range whose ends do not read alike.
    middle, half = (max(values) + min(values)) / 2, _LEAST_RANGE / 2
    return scale_around([*values, max(0.0, middle - half), min(1.0, middle + half)], most=(0, 1))


class _Plot:
    """The column of the dot plot.

    Args:
        scale: Of all shares; None: there is no plot.
    """

    def __init__(self, scale: Scale | None) -> None:
        self.scale = scale
        self._ticks = scale.ticks() if scale else []

    def head(self, title: str) -> Html | None:
        """The axis.

        Args:
            title: What a reader hears.
        """
        return axis(self.scale, [(tick, f"{tick:.2g}") for tick in self._ticks], title) if self.scale else None

    def row(self, row: Row) -> Html | None:
        """The marks of a row; None where its scores are no shares.

        Args:
            row: The row.
        """
        if self.scale is None or not _is_share(row):
            return None
        dots = [Dot(place, one.score, one.interval) for place, one in enumerate(row.scores) if one is not None]
        return strip(dots, self.scale, backdrop="gs", reference=row.chance)


def _folds(rows: Sequence[Row]) -> dict[str, tuple[str, bool]]:
    """Of each group that has rows inside it, the name of its box, and whether it starts open."""
    members = {name for row in rows for name in row.inside}
    outer = {name for row in rows if row.is_group for name in row.inside}
    groups = [row.name for row in rows if row.is_group and row.name in members]
    few = len(rows) <= OPEN_ROWS
    return {name: (f"g{place}", few or name in outer) for place, name in enumerate(groups)}


def _fold_rules(folds: dict[str, tuple[str, bool]]) -> Html | None:
    rules = "".join(f".tree:has(#{box}:not(:checked)) .in-{box}{{display:none}}" for box, _ in folds.values())
    return Html(f"<style>@media screen{{{rules}}}</style>") if rules else None


def _classes(row: Row, folds: dict[str, tuple[str, bool]]) -> str:
    around = [f"in-{folds[name][0]}" for name in row.inside if name in folds]
    return " ".join(["group" if row.is_group else "task", *around])


def _legend(facts: ReportFacts, scale: Scale | None, language: Language, *, has_chance: bool) -> Html | None:
    if scale is None:
        return None
    runs = [element("span", run_label(place, run)) for place, run in enumerate(facts.runs)]
    shown = runs if len(runs) > 1 else [element("span", key_mark(0), " ", language.text("legend_score"))]
    line = element(
        "svg",
        element("line", class_="reference", x1=3, x2=3, y1=0, y2=12),
        class_="key",
        viewBox="-3 0 12 12",
        aria_hidden="true",
    )
    bar = element(
        "svg",
        element("line", class_="bar-0", x1=0, x2=18, y1=6, y2=6),
        class_="key wide",
        viewBox="0 0 18 12",
        aria_hidden="true",
    )
    facts_ = [
        element("span", bar, " ", language.text("legend_interval")),
        element("span", line, " ", language.text("legend_chance")) if has_chance else None,
    ]
    return element("p", *shown, *facts_, class_="legend")


def _all_metrics(facts: ReportFacts, rows: Sequence[Row], language: Language) -> Html | None:
    """Every score as the results files have it, with lm-eval's standard error; None where there is none."""
    lines = [line for row in rows for line in _metric_lines(facts.runs, row.name)]
    if not lines:
        return None
    headers = [language.text("task"), language.text("metric"), language.text("filter")]
    for place in range(len(facts.runs)):
        label = run_number(place) if len(facts.runs) > 1 else language.text("score")
        headers += [label, language.text("stderr")]
    body = element("tbody", *lines)
    inner = table(headers, body, label=language.text("all_metrics"), class_="plain metrics")
    return details(language.text("all_metrics_n", n=len(lines)), inner)


def _metric_lines(runs: Sequence[StoredRun], name: str) -> Iterator[Html]:
    values, errors = [run.scores(name) for run in runs], [run.stderrs(name) for run in runs]
    for metric in dict.fromkeys(metric for one in values for metric in one):
        cells = [
            element("th", isolated(runs[0].alias(name)), scope="row"),
            element("td", metric[0]),
            element("td", metric[1]),
        ]
        for mine, stderr in zip(values, errors, strict=True):
            cells.append(element("td", number(mine.get(metric), 4)))
            cells.append(element("td", number(stderr.get(metric), 4)))
        yield element("tr", *cells)
