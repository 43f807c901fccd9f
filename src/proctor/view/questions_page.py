"""The questions of runs over the server: a report's list, with data that is fetched as it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from urllib.parse import urlencode

from proctor.analysis.wording import number, span
from proctor.html_report.language import Language
from proctor.html_report.markup import Html, element, isolated
from proctor.html_report.page import page
from proctor.html_report.pieces import run_label
from proctor.html_report.questions import page_script, question_list, words_of_script
from proctor.results.stored_run import StoredRun
from proctor.view.list_page import read_view_web
from proctor.view.run_facts import run_facts


@cache
def _script() -> str:
    return page_script("\n".join(read_view_web(name) for name in ("tell.js", "served.js")))


def questions_page(runs: Sequence[StoredRun], ids: Sequence[str], language: Language) -> str:
    """The page.

    Args:
        runs: The runs, the oldest first.
        ids: What addresses call them.
        language: Of the words.
    """
    note = element("p", hidden=True, id="q-reading", class_="note", role="status")
    return page(
        language.text("questions"),
        [_runs(runs, language), question_list(language, note)],
        language,
        head=_head(runs, ids, language),
        blocks=(words_of_script(language),),
        script=_script(),
        connect="'self'",
    )


def _head(runs: Sequence[StoredRun], ids: Sequence[str], language: Language) -> Html:
    exams = dict.fromkeys(exam for run in runs for exam in run_facts(run).exams)
    shown = f"{', '.join(list(exams)[:3])}{' …' if len(exams) > 3 else ''}" or language.text("questions")
    report = f"/report?{urlencode([('run', one) for one in ids])}"
    links = [
        element("a", language.text("view_report"), href=report),
        " · ",
        element("a", language.text("view_back"), href="/"),
    ]
    return element("header", element("h1", isolated(shown)), element("p", *links), id="head")


def _runs(runs: Sequence[StoredRun], language: Language) -> Html:
    keys = ("model", "score", "questions_count", "date")
    heads = [
        element("th", language.text(key), scope="col", class_="num" if at else None) for at, key in enumerate(keys)
    ]
    rows: list[Html] = []
    for place, run in enumerate(runs):
        facts = run_facts(run)
        interval = "" if facts.interval is None else f" {span(facts.interval, 3)}"
        score = "—" if facts.score is None else f"{number(facts.score)}{interval} {facts.metric}"
        count = "—" if facts.documents is None else f"{facts.documents:,}"
        cells = [element("td", cell, class_="num") for cell in (score, count, run.stamp[:10] or "—")]
        rows.append(element("tr", element("th", run_label(place, run), scope="row"), *cells))
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows), class_="runs")
    heading = element("h2", language.text("runs"), class_="unseen")
    return element("section", heading, element("div", table, class_="scroll"), id="runs")
