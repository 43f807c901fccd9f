"""Section 1: which exam, which models, what came out, what to know before believing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.analysis.compare_text import letter
from proctor.analysis.setting_differences import setting_differences
from proctor.html_report.facts import ReportFacts, Row
from proctor.html_report.language import Language
from proctor.html_report.markup import Html, element, isolated, joined
from proctor.html_report.outcome import outcome
from proctor.html_report.pieces import details, run_label, score_text, short_name, table
from proctor.html_report.run_command import run_command
from proctor.html_report.run_warnings import run_warnings

_MOST_NAMES = 3
_MOST_SETTINGS, _SHORT = 3, 24
_NAMES = ("model_args.pretrained", "model_args.model", "model_dtype", "model_sha", "model_revision")
"""Settings that the model's name has said."""


def title_of(rows: tuple[Row, ...], language: Language) -> str:
    """The exams of a report.

    Args:
        rows: The tree of scores.
        language: Of the rest that is not named.
    """
    names = [row.alias for row in rows if row.depth == 0]
    more = language.text("and_more", n=len(names) - _MOST_NAMES) if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


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
    lines = [_run(place, facts, main, language) for place in range(len(facts.runs))]
    return table(headers, element("tbody", *lines), label=language.text("runs"), class_="runs")


def _run(place: int, facts: ReportFacts, main: Row | None, language: Language) -> Html:
    run = facts.runs[place]
    command = run_command(run)
    shown = details(language.text("show"), _command(command, language), class_="command") if command else "—"
    return element(
        "tr",
        element("th", run_label(place), scope="row"),
        element("td", isolated(short_name(run)), _own_settings(place, facts), class_="model", title=run.name),
        element("td", score_text(main.scores[place] if main else None), class_="num"),
        element("td", run.stamp[:10] or "—", class_="num"),
        element("td", shown),
    )


def _own_settings(place: int, facts: ReportFacts) -> Html | None:
    """The settings by which a run differs from the others, as far as they are short."""
    others = [place_ for place_ in range(len(facts.runs)) if place_ != place]
    if not others:
        return None
    run, tasks = facts.runs[place], facts.runs[place].tasks
    found = [one for other in others for one in setting_differences(run, facts.runs[other], tasks) if not one.tasks]
    names = {one.name.removeprefix("model_args."): _value(one.a) for one in found if one.name not in _NAMES}
    shown = [f"{name} {value}" for name, value in names.items() if len(value) <= _SHORT][:_MOST_SETTINGS]
    return element("span", ", ".join(shown), class_="ci own") if shown else None


def _value(value: Any) -> str:
    """A setting as a command line has it: ``max_gen_toks=16``, ``12``, ``none``."""
    if isinstance(value, Mapping):
        value = ",".join(f"{name}={one}" for name, one in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None or value == "" else str(value)


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
    return joined(element("b", ", ".join(letter(place) for place in places)), ": ")
