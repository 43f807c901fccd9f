"""What must be known to read a comparison: settings that differ, questions and scores that were left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from proctor.analysis.comparison import PairComparison
from proctor.analysis.setting_differences import SettingDifference
from proctor.html_report.language import Language
from proctor.html_report.markup import Html, element
from proctor.html_report.pieces import run_label, run_number, table

_SHOWN = 160
"""Characters of a setting's value."""


def setting_table(pair: PairComparison, language: Language) -> Html:
    """What else differs, one setting a row.

    Args:
        pair: Two runs.
        language: Of the words.
    """
    title = element("h3", language.text("settings"))
    if not pair.settings:
        return element("div", title, element("p", language.text("settings_same")), class_="settings")
    headers = [language.text("setting"), run_label(pair.a), run_label(pair.b), language.text("where")]
    body = element("tbody", *[_setting(one, language) for one in pair.settings])
    inner = table(headers, body, label=language.text("settings"), class_="plain")
    return element("div", title, inner, class_="settings")


def _setting(one: SettingDifference, language: Language) -> Html:
    where = ""
    if one.tasks:
        where = one.tasks[0] if len(one.tasks) == 1 else language.text("in_tasks", n=len(one.tasks))
    cells = [element("td", element("code", _value(value))) for value in (one.a, one.b)]
    return element(
        "tr", element("th", element("code", one.name), scope="row"), *cells, element("td", where, class_="quiet")
    )


def _value(value: Any) -> str:
    if value is None or value == "":
        return "—"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def pair_notes(pair: PairComparison, language: Language) -> Html | None:
    """Notes as a list; None where there are none.

    Args:
        pair: Two runs.
        language: Of the words.
    """
    items = [element("li", text) for text in _notes(pair, language)]
    return element("ul", *items, class_="notes") if items else None


def _notes(pair: PairComparison, language: Language) -> Iterator[str]:
    text, a, b = language.text, run_number(pair.a), run_number(pair.b)
    paired = [(one.task, one.pairs) for one in pair.tasks if one.pairs is not None]
    different = [(task, both.prompts_differ) for task, both in paired if both.prompts_differ]
    if different:
        facts = {
            "n": sum(count for _, count in different if count), "total": sum(len(both.keys) for _, both in paired),
            "tasks": language.named([task for task, _ in different], 4),
        }  # fmt: skip
        yield text("note_prompts_one_model", **facts) if pair.same_model else text("note_prompts", **facts)
    elif paired and all(both.prompts_differ == 0 and not both.documents_differ for _, both in paired):
        yield text("note_same_prompts")
    alone = [(both.only_a, both.only_b) for _, both in paired if both.only_a or both.only_b]
    if alone:
        first, second = (sum(one[side] for one in alone) for side in (0, 1))
        yield text("note_alone", n=first + second, first=first, second=second, a=a, b=b)
    lost = sum(both.not_finite for _, both in paired)
    if lost:
        yield text("note_not_finite", n=lost)
    by_number = [(task, both) for task, both in paired if both.by_number]
    if by_number:
        # Somebody asked for it where files do have hashes.
        asked = any(both.documents_differ is not None for _, both in by_number)
        yield text("note_by_number_asked") if asked else text("note_by_number")
    moved = [(task, both.documents_differ) for task, both in by_number if both.documents_differ]
    if moved:
        yield text("note_other_documents", n=sum(count or 0 for _, count in moved),
                   tasks=language.named([task for task, _ in moved], 4))  # fmt: skip
    for run, tasks in ((a, pair.only_a), (b, pair.only_b)):
        if tasks:
            yield text("note_only_tasks", n=len(tasks), run=run, tasks=language.named(tasks, 4))
    untested = [one.task for one in pair.tasks if one.result is None]
    if untested:
        yield text("note_untested", n=len(untested), tasks=language.named(untested, 4))
    for group in pair.groups:
        if group.lacking:
            yield text("note_group_part", name=group.alias, tasks=language.named(group.lacking, 4))
