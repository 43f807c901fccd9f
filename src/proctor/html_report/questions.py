"""Section 5: the list of questions and the pane of one. Python makes its frame, the page's script fills it."""

from __future__ import annotations

from collections.abc import Sequence

from proctor.html_report.facts import ReportFacts, ReportOptions
from proctor.html_report.language import Language, read_web
from proctor.html_report.markup import Child, Html, element
from proctor.html_report.packed import inline_json
from proctor.html_report.page import Block
from proctor.html_report.page_data import PageData
from proctor.html_report.pieces import details, section

SCRIPTS = ("words.js", "data.js", "view.js", "flags.js", "list.js", "pane.js", "filters.js", "table.js", "main.js")
"""In this order they are one script."""
KEYS = ("j / k", "Enter", "Esc", "/", "n / p", "w", "d", "u", "1–9", "c", "?")
FULLER_MB = 50


def page_script(source: str = "") -> str:
    """The page's script: the packaged files as one, without their comments and indentation.

    Args:
        source: A script that says where the page's data come from; "": the page has them.
    """
    return one_script([*map(read_web, SCRIPTS[:-1]), source, read_web(SCRIPTS[-1])])


def one_script(texts: Sequence[str]) -> str:
    """Scripts as one, without their comments and indentation.

    Args:
        texts: What they say, in the order in which they run.
    """
    lines = (line.strip() for text in texts for line in text.split("\n"))
    code = "\n".join(line for line in lines if line and not line.startswith(("//", "/**", "* ", "*/")))
    return f'(() => {{\n"use strict";\n{code}\n}})();\n'


def questions(data: PageData | None, facts: ReportFacts, options: ReportOptions, language: Language) -> Html | None:
    """The section; None where no run has samples.

    Args:
        data: What the script gets.
        facts: What there is.
        options: What is asked for.
        language: Of the words.
    """
    if data is None:
        return None
    return question_list(language, _left_out(data, options, language))


def question_list(language: Language, note: Html | None = None) -> Html:
    """The section before the page's script has filled it.

    Args:
        language: Of the words.
        note: What stands above the list.
    """
    return section(
        "questions",
        language.text("questions"),
        element("noscript", element("p", language.text("no_script"), class_="note")),
        note,
        element("p", hidden=True, id="q-missing", class_="missing", role="status"),
        element("div", _controls(language), _status(language), _split(language), id="q-tools", hidden=True),
        element("div", id="q-print"),
        _help(language),
    )


def words_of_script(language: Language) -> Block:
    """The words of the script.

    Args:
        language: In which they are.
    """
    found = {"language": language.code, "strings": language.page_strings()}
    return Block("strings", inline_json(found), "application/json")


def _left_out(data: PageData, options: ReportOptions, language: Language) -> Html | None:
    """What the page does not have of the texts, why, and the command that makes a fuller one."""
    said: list[Child] = []
    for part in options.without:
        said.append(element("p", language.text(f"without_{part}"), class_="note"))
    if data.reduced:
        command = f"{options.command} --max_size {FULLER_MB}"
        text = language.text(f"reduced_{data.level.name if data.fits else 'over'}", size=f"{options.max_size / 1e6:g}")
        said.append(
            element("p", text, " ", language.text("fuller"), " ", element("code", command), class_="note reduced")
        )
    return element("div", *said) if said else None


def _controls(language: Language) -> Html:
    text = language.text
    search = element("input", type="search", id="q-search", placeholder=text("search"), aria_label=text("search"))
    selects = [_select(name, language) for name in ("task", "run", "picked", "by")]
    pair = [_select(f"pair-{place}", language) for place in ("first", "second")]
    selects.insert(2, element("span", text("pair_title"), " ", pair[0], " – ", pair[1], id="q-pair", class_="range"))
    sort = _select("sort", language)
    down = element("button", "↓", type="button", id="q-down", aria_label=text("descending"), title=text("descending"))
    ranges = [
        _range("p", text("p_range"), "0.05", "1", language),
        _range("len", text("len_range"), "10", None, language),
    ]
    toggles = element("div", id="q-toggles", class_="toggles", role="group", aria_label=text("filters"))
    first = element("div", search, *selects, element("span", sort, down, class_="joined"), class_="toolbar")
    return element("div", first, toggles, details(text("more_filters"), element("div", *ranges, class_="toolbar")))


def _select(name: str, language: Language) -> Html:
    return element("select", id=f"q-{name}", aria_label=language.text(f"by_{name.replace('-', '_')}"))


def _range(name: str, title: str, step: str, most: str | None, language: Language) -> Html:
    ends = [
        element("input", type="number", id=f"q-{name}-{end}", min="0", max=most, step=step,
                aria_label=f"{title}: {language.text(f'range_{end}')}", placeholder=language.text(f"range_{end}"))
        for end in ("low", "high")
    ]  # fmt: skip
    return element("span", title, " ", ends[0], " – ", ends[1], class_="range")


def _status(language: Language) -> Html:
    buttons = [
        element("button", language.text(f"button_{name}"), type="button", id=f"q-{name}")
        for name in ("csv", "flags", "help")
    ]
    count = element("output", id="q-count", for_="q-search q-task")
    return element("div", count, element("span", id="q-chips", class_="chips"), element("span", *buttons, class_="end"),
                   class_="status")  # fmt: skip


def _split(language: Language) -> Html:
    rows = element("div", id="q-list", role="listbox", tabindex=0, aria_label=language.text("questions"), class_="rows")
    head = element("div", id="q-head", class_="row heads", aria_hidden="true")
    pane = element("article", id="q-pane", hidden=True, aria_labelledby="pane-title", tabindex=0)
    return element("div", element("div", head, rows, class_="list"), pane, id="q-split", class_="split")


def _help(language: Language) -> Html:
    rows = [element("tr", element("th", element("kbd", key), scope="row"), element("td", language.text(f"key_{place}")))
            for place, key in enumerate(KEYS)]  # fmt: skip
    box = element("label", element("input", type="checkbox", id="q-keys", checked=True), " ", language.text("keys_on"))
    close = element("form", element("button", language.text("close_help")), method="dialog")
    title = element("h2", language.text("keys"), id="keys-title")
    return element("dialog", title, element("table", element("tbody", *rows)), element("p", box), close, id="q-dialog",
                   aria_labelledby="keys-title")  # fmt: skip
