"""The list of runs, and the page that says what is wrong: HTML, whose script writes down notes and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from proctor.analysis.own_settings import own_settings, short_name
from proctor.analysis.wording import number
from proctor.html_report.language import Code, Language, language_of
from proctor.html_report.markup import Html, element, isolated, joined
from proctor.html_report.page import page
from proctor.html_report.pieces import moment, own_line
from proctor.html_report.questions import one_script
from proctor.results.open_runs import Unread
from proctor.run.running_score import run_line
from proctor.run.status import status_line
from proctor.view.annotations import LONGEST_NOTE
from proctor.view.catalog import Entry
from proctor.view.run_facts import RunFacts, run_facts

_MOST_EXAMS = 3
SCRIPTS = ("tell.js", "notes.js", "follow.js")
"""The last one only where the list follows runs."""
GROUPS = ("", "model", "exam")
_STATES = ("running", "stopped", "failed", "died")


def view_language(code: str | None) -> Language:
    """The words of the list, beside those of a report.

    Args:
        code: "en" or "ko"; None: the locale's.
    """
    return _language(language_of(code).code)


@cache
def _language(code: Code) -> Language:
    base = language_of(code)
    return Language(base.code, {**base.strings, **json.loads(read_view_web(f"{base.code}.json"))})


@cache
def read_view_web(name: str) -> str:
    """A packaged file of the server's pages.

    Args:
        name: Its name in ``web``.
    """
    return files("proctor.view").joinpath("web", name).read_text(encoding="utf-8")


@cache
def _script(follow: bool) -> str:
    return one_script([read_view_web(name) for name in (SCRIPTS if follow else SCRIPTS[:-1])])


def list_page(
    entries: Sequence[Entry],
    unread: Sequence[Unread],
    language: Language,
    statuses: Sequence[Mapping[str, Any]] = (),
    notes: Mapping[str, str] | None = None,
    group: str = "",
    *,
    follow: bool = False,
) -> str:
    """The list: a form whose button opens a report of the runs that are ticked.

    Args:
        entries: The runs, in the order in which they are shown.
        unread: What could not be read.
        language: Of the words.
        statuses: Runs that go on, or ended without results.
        notes: What somebody wrote about a run, by its id.
        group: "model" or "exam": runs of one stand together, the newest first; else all are one list.
        follow: Whether the page looks for changes.
    """
    sections = [
        _going_on(statuses, language) if statuses else None,
        _runs(entries, language, notes or {}, group) if entries else None,
        _unread(unread, language) if unread else None,
    ]
    return page(
        language.text("view_title"),
        sections,
        language,
        head=_head(len(entries), language),
        script=_script(follow),
        form_action="'self'",
        connect="'self'",
    )


def _head(runs: int, language: Language) -> Html:
    return element(
        "header",
        element("p", language.text("view_runs", n=runs), class_="kicker"),
        element("h1", language.text("view_title")),
        element("p", language.text("view_lede") if runs else language.text("view_empty"), class_="lede"),
        id="head",
    )


def _going_on(statuses: Sequence[Mapping[str, Any]], language: Language) -> Html:
    keys = ("model", "view_state", "view_progress", "command")
    headers = element("thead", element("tr", *[element("th", language.text(key), scope="col") for key in keys]))
    rows: list[Html] = []
    for one in statuses:
        state = one["state"] if one["state"] in _STATES else "stopped"
        rows.append(
            element(
                "tr",
                element("th", isolated(str(one.get("model"))), scope="row"),
                element("td", language.text(f"view_{state}")),
                element("td", status_line(one), *_whole(run_line(one))),
                element("td", element("code", str(one.get("command") or "—"))),
                data_key=f"{one.get('host')}/{one.get('pid')}",
            )
        )
    table = element("table", headers, element("tbody", *rows), class_="runs")
    heading = element("h2", language.text("view_going_on"))
    return element("section", heading, element("div", table, class_="scroll"), id="going-on")


def _whole(line: str) -> tuple[Html, ...]:
    """The line of a whole run, below that of its phase."""
    return (element("br"), element("span", line, class_="quiet")) if line else ()


def _runs(entries: Sequence[Entry], language: Language, notes: Mapping[str, str], group: str) -> Html:
    words, numbers = ("view_choose", "model", "view_exam"), ("score", "questions_count", "date")
    cells = [
        *[element("th", language.text(key), scope="col") for key in words],
        *[element("th", language.text(key), scope="col", class_="num") for key in numbers],
        element("th", language.text("view_note"), scope="col"),
    ]
    bodies: dict[str, list[Html]] = {}
    settings = own_settings([entry.run for entry in entries], only_of_one_model=True)
    for entry, own in zip(entries, settings, strict=True):
        facts = run_facts(entry.run)
        row = _row(entry, facts, own, language, notes.get(entry.id, ""))
        bodies.setdefault(_group(entry, facts, group, language), []).append(row)
    parts = [_body(name, rows, len(cells)) for name, rows in bodies.items()]
    table = element("table", element("thead", element("tr", *cells)), *parts, class_="runs catalog")
    button = element("button", language.text("view_open"), type="submit")
    list_button = element("button", language.text("view_open_questions"), type="submit", formaction="/questions")
    form = element("form", table, element("p", button, " ", list_button), action="/report", method="get")
    return element(
        "section",
        element("h2", language.text("runs"), class_="unseen"),
        _groupings(group, language) if len(entries) > 1 else None,
        element("div", form, class_="scroll"),
        id="runs",
    )


def _groupings(group: str, language: Language) -> Html:
    """Links to the same list, grouped in another way."""
    names = [(name, language.text(f"view_group_{name or 'none'}")) for name in GROUPS]
    links = [
        element("b", text) if name == group else element("a", text, href=f"/?group={name}" if name else "/")
        for name, text in names
    ]
    return element("p", *[part for link in links for part in (link, " · ")][:-1], class_="note")


def _group(entry: Entry, facts: RunFacts, group: str, language: Language) -> str:
    """What stands above a run's row; "": nothing. A group has no score: its runs are no sample of anything."""
    if group == "model":
        return entry.run.name
    return _exams(facts, language) or "—" if group == "exam" else ""


def _body(name: str, rows: Sequence[Html], columns: int) -> Html:
    head = element("tr", element("th", isolated(name), scope="rowgroup", colspan=columns), class_="group")
    return element("tbody", head if name else None, *rows, data_key=name or None)


def _exams(facts: RunFacts, language: Language) -> str:
    return language.named(facts.exams, _MOST_EXAMS)


def _row(entry: Entry, facts: RunFacts, own: str, language: Language, note: str) -> Html:
    exams = _exams(facts, language)
    low_high = "" if facts.interval is None else f" [{number(facts.interval[0], 3)}, {number(facts.interval[1], 3)}]"
    # Of several exams one score stands for the run: it says of which.
    exam = f"{facts.exam}: " if len(facts.exams) > 1 and facts.score is not None else ""
    score = "—" if facts.score is None else f"{exam}{number(facts.score)}{low_high} {facts.metric}"
    count = "—" if facts.documents is None else f"{facts.documents:,}"
    return element(
        "tr",
        element("td", element("input", type="checkbox", name="run", value=entry.id, id=entry.id)),
        _model(entry, facts, own, language),
        element("td", isolated(exams), class_="exam"),
        *[element("td", cell, class_="num") for cell in (score, count, moment(entry.run.stamp)[:16] or "—")],
        element("td", _note(entry, language, note), class_="noting"),
        data_key=entry.id,
    )


def _note(entry: Entry, language: Language, note: str) -> Html:
    """A field that the page's script writes down; it has no name, so that the form does not send it."""
    label = language.text("view_note_on", name=short_name(entry.run))
    field = element("input", type="text", value=note, readonly=True, data_run=entry.id, maxlength=str(LONGEST_NOTE),
                    aria_label=label, autocomplete="off")  # fmt: skip
    words = {"data_saved": language.text("view_note_saved"), "data_failed": language.text("view_note_failed")}
    return joined(field, element("span", role="status", class_="own note", **words))


def _model(entry: Entry, facts: RunFacts, own: str, language: Language) -> Html:
    """The model's name, what tells this run from others of it, the way to it alone, whether its documents are there."""
    label = element("label", isolated(short_name(entry.run)), for_=entry.id, title=entry.run.name)
    places = ("report", "questions") if facts.has_samples else ("report",)
    alone = [(" ", element("a", language.text(f"view_{name}"), href=f"/{name}?run={entry.id}")) for name in places]
    note = None if facts.has_samples else element("span", language.text("view_no_samples"), class_="own note")
    return element(
        "th",
        label,
        *[part for pair in alone for part in pair],
        own_line(own),
        note,
        scope="row",
        title=entry.run.source,
    )


def _unread(unread: Sequence[Unread], language: Language) -> Html:
    items = [element("li", isolated(one.place), ": ", one.reason) for one in unread]
    heading = element("h2", language.text("view_unread"))
    return element("section", heading, element("ul", *items, class_="notes"), id="unread")


def problem_page(sentence: str, hint: str | None, language: Language) -> str:
    """A page that says what is wrong.

    Args:
        sentence: What.
        hint: What to do.
        language: Of the rest.
    """
    back = element("p", element("a", language.text("view_back"), href="/"))
    head = element("header", element("h1", language.text("view_problem")), element("p", sentence, class_="lede"),
                   element("p", hint) if hint else None, back, id="head")  # fmt: skip
    return page(language.text("view_problem"), [], language, head=head)
