"""Scores without the documents of an exclusion file, beside those with them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from proctor.analysis.audit_intervals import interval_of
from proctor.analysis.duplicates import score_without
from proctor.analysis.wording import number, signed, span
from proctor.html_report.facts import ReportFacts, Row
from proctor.html_report.language import Language
from proctor.html_report.markup import Html, element, isolated
from proctor.html_report.pieces import run_label, run_number, section, table


def without(facts: ReportFacts, rows: tuple[Row, ...], language: Language) -> Html | None:
    """The section; None where nothing is excluded.

    Args:
        facts: What there is.
        rows: The tree of scores.
        language: Of the words.
    """
    if facts.exclusions is None:
        return None
    lines = [line for row in rows for place in range(len(facts.runs)) if (line := _line(row, place, facts))]
    title, said = language.text("without"), language.text("without_n", n=facts.exclusions.documents)
    if not lines:
        return section("without", title, element("p", said, " ", language.text("without_none"), class_="note"))
    first = [language.text("task"), language.text("run"), language.text("score"), language.text("score_without")]
    headers = [*first, "95 %", language.text("difference"), language.text("left_out")]
    inner = table(headers, element("tbody", *lines), label=title, class_="without")
    return section("without", title, element("p", said, class_="note"), inner)


def _line(row: Row, place: int, facts: ReportFacts) -> Html | None:
    values, excluded = _values(row, place, facts)
    if not any(excluded):
        return None
    left, count = score_without(values, excluded)
    before = math.fsum(values) / len(values)
    after = math.fsum(left) / len(left) if left else None
    interval = interval_of(left)[0] if left else None
    difference = None if after is None else after - before
    cells = (number(before), number(after), span(interval, 3), signed(difference).strip())
    return element(
        "tr",
        element("th", isolated(row.alias), scope="row"),
        element("td", run_label(place) if len(facts.runs) > 1 else run_number(place)),
        *[element("td", text, class_="num") for text in cells],
        element("td", f"{count:,}", class_="num"),
    )


def _values(row: Row, place: int, facts: ReportFacts) -> tuple[Sequence[float], Sequence[bool]]:
    """The scores of all documents of a task or group in a run, and whether each is excluded."""
    score, run = row.scores[place], facts.runs[place]
    if score is None or facts.exclusions is None:
        return [], []
    values, excluded = list[float](), list[bool]()
    for task in run.leaves(row.name) if row.is_group else (row.name,):
        found = facts.scores.get((place, task))
        hashes = facts.exclusions.hashes.get(task, frozenset())
        for key, value in (found.scores.get(score.metric, {}) if found else {}).items():
            values.append(value)
            excluded.append(key[0] in hashes)
    return values, excluded
