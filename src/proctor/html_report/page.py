"""The file: one HTML document with its style, data and script, and a policy that lets nothing else in or out."""

# The policy names the script by its hash: whatever a document or a response brings into the page cannot run. Nothing
# is fetched, so the page works from a mail attachment, and no request tells anybody that it was opened.

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.html_report.language import Language, read_web
from proctor.html_report.markup import Html, element, escape, joined

STYLES = ("base.css", "tables.css", "figures.css", "questions.css", "print.css")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src {script}; img-src data:; worker-src blob:; "
    "form-action {forms}; base-uri 'none'{connect}"
)


@dataclass(frozen=True, slots=True)
class Block:
    """Data of the page's script: its name, its type, its text."""

    name: str
    text: str
    type: str = "text/plain"


def page(
    title: str,
    sections: Sequence[Html | None],
    language: Language,
    *,
    head: Html,
    blocks: Sequence[Block] = (),
    script: str = "",
    canary: str | None = None,
    form_action: str = "'none'",
    connect: str = "",
) -> str:
    """The whole document.

    Args:
        title: Of the window.
        sections: What is below the head; None is left out.
        language: Of the words.
        head: The head.
        blocks: Data.
        script: Run at the end.
        canary: A text to be found again.
        form_action: Where forms may send to, as a policy has it.
        connect: From where the script may fetch, as a policy has it; "": from nowhere.
    """
    shown = [one for one in sections if one]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = _POLICY.format(
        script=f"'sha256-{digest}'" if script else "'none'",
        forms=form_action,
        connect=f"; connect-src {connect}" if connect else "",
    )
    head_elements = (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("meta", name="generator", content="proctor report"),
        element("meta", name="color-scheme", content="light dark"),
        # Else Firefox asks a server for /favicon.ico, which the policy refuses.
        element("link", rel="icon", href="data:,"),
        element("meta", name="canary", content=canary) if canary else None,
        element("title", f"{title} · proctor"),
        Html(f"<style>{''.join(read_web(name) for name in STYLES)}</style>"),
    )
    body = (
        element("a", language.text("skip"), href="#main", class_="skip"),
        element("div", _bar(shown, language), element("main", head, *shown, id="main"), _foot(language), class_="page"),
        *[Html(f'<script type="{one.type}" id="d-{escape(one.name)}">{one.text}</script>') for one in blocks],
        Html(f"<script>{script}</script>") if script else None,
    )
    document = element("html", element("head", *head_elements), element("body", *body), lang=language.code)
    return f"<!doctype html>\n{document}\n"


def _bar(sections: Sequence[Html], language: Language) -> Html:
    names = [
        name
        for name in ("scores", "compare", "answers", "questions", "about")
        if any(one.startswith(f"<section id={name} ") for one in sections)
    ]
    links = [element("a", language.text(f"nav_{name}"), href=f"#{name}") for name in names]
    switch = element("button", language.text("theme"), type="button", id="theme", hidden=True)
    return element(
        "div",
        element("span", "proctor", class_="brand"),
        element("nav", *links, aria_label=language.text("nav")),
        switch,
        class_="topbar",
        role="banner",
    )


def _foot(language: Language) -> Html:
    return element("footer", joined(element("p", language.text("foot"))))
