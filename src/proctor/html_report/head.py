"""Section 1: which exam, which models, what came out, what to know before believing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from proctor.analysis.own_settings import own_settings, short_name
from proctor.html_report.facts import ReportFacts, Row
from proctor.html_report.language import Language
from proctor.html_report.markup import Html, element, isolated, joined
from proctor.html_report.outcome import outcome
from proctor.html_report.pieces import details, moment, own_line, run_label, run_number, score_text, table
from proctor.html_report.run_command import run_command
from proctor.html_report.run_warnings import run_warnings
from proctor.results.stored_run import StoredRun

_MOST_NAMES = 3


def title_of(rows: tuple[Row, ...], language: Language) -> str:
    """The exams of a report.

    Args:
        rows: The tree of scores.
        language: Of the rest that is not named.
    """
    return language.named([row.alias for row in rows if row.depth == 0], _MOST_NAMES)


def head(facts: ReportFacts, rows: tuple[Row, ...], language: Language) -> Html:
    """The head of the page.

    Args:
        facts: What there is.
        rows: The tree of scores.
        language: Of the words.
    """
    title = title_of(rows, language)
    return element(
        "header",
        element("p", " · ".join(_kicker(facts, language)), class_="kicker"),
        element("h1", isolated(title)),
        element("p", outcome(facts, rows, language), class_="lede", dir="auto"),
        _runs(facts, rows, language),
        _warnings(facts, language),
        id="head",
    )


def _kicker(facts: ReportFacts, language: Language) -> list[str]:
    dates = sorted({run.stamp[:10] for run in facts.runs if run.stamp})
    when = [dates[0] if len(dates) == 1 else f"{dates[0]} – {dates[-1]}"] if dates else []
    return [language.text("report_of", n=len(facts.runs)), *when]


def _runs(facts: ReportFacts, rows: tuple[Row, ...], language: Language) -> Html:
    """One row a run: its mark, model, main score, when, and the command that makes it again."""
    main = next((row for row in rows if row.depth == 0 and row.first is not None), None)
    headers = [language.text("run"), language.text("model"), main.alias if main else language.text("score"),
               language.text("date"), language.text("command")]  # fmt: skip
    own = _lines_below_names(facts.runs)
    lines = [_run(place, facts, own[place], main, language) for place in range(len(facts.runs))]
    return table(headers, element("tbody", *lines), label=language.text("runs"), class_="runs")


def _run(place: int, facts: ReportFacts, own: str, main: Row | None, language: Language) -> Html:
    run = facts.runs[place]
    command = run_command(run)
    shown = details(language.text("show"), _command(command, language), class_="command") if command else "—"
    return element(
        "tr",
        element("th", run_label(place), scope="row"),
        element("td", isolated(short_name(run)), own_line(own), class_="model", title=run.name),
        element("td", score_text(main.scores[place] if main else None), class_="num"),
        element("td", run.stamp[:10] or "—", class_="num"),
        element("td", shown),
    )


def _lines_below_names(runs: Sequence[StoredRun]) -> list[str]:
    """What stands under the names of models; where even settings are equal, when each run was."""
    own = own_settings(runs)
    same = Counter(zip(map(short_name, runs), own, strict=True))
    times = [moment(run.stamp)[11:] for run in runs]
    return [
        ", ".join(filter(None, (text, time if same[short_name(run), text] > 1 else "")))
        for run, text, time in zip(runs, own, times, strict=True)
    ]


def _command(text: str, language: Language) -> Html:
    button = element("button", language.text("copy"), type="button", class_="copy", hidden=True)
    return element("div", element("code", text), button, class_="copyable")


def _warnings(facts: ReportFacts, language: Language) -> Html:
    """A list, by sentence: what several runs have in common is said once."""
    said: dict[str, list[int]] = {}
    for place, audit in enumerate(facts.audits):
        for text in run_warnings(audit, language):
            said.setdefault(text, []).append(place)
    if facts.unread:
        said[language.text("warn_files", n=len(facts.unread), total=facts.files)] = list(range(len(facts.runs)))
    if not said:
        return Html("")
    single = len(facts.runs) == 1
    items = [
        element("li", "" if single or len(places) == len(facts.runs) else _which(places), text, dir="auto")
        for text, places in said.items()
    ]
    heading = element("h2", language.text("warnings", n=len(items)), id="warnings-title")
    return element("div", heading, element("ul", *items), class_="warnings", role="note",
                   aria_labelledby="warnings-title")  # fmt: skip


def _which(places: list[int]) -> Html:
    return joined(element("b", ", ".join(run_number(place) for place in places)), ": ")
