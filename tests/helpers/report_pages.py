"""Reports of runs that are made by hand, and their pages read back."""

from __future__ import annotations

import base64
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from stored_runs import right_and_wrong, write_run

from proctor.analysis.audit import audit_run
from proctor.html_report.facts import ReportFacts, ReportOptions, compared
from proctor.html_report.report import make_report
from proctor.results.open_runs import open_runs
from proctor.results.stored_run import StoredRun

VOID = {"br", "hr", "input", "meta", "wbr"}


class Page(HTMLParser):
    """A page's elements with their attributes, and its texts; unbalanced tags are an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All that is read on the page, with plain spaces."""
        return " ".join(" ".join(self.texts).replace("\N{NO-BREAK SPACE}", " ").split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def unpacked(text: str) -> bytes:
    """Data of a page as its script unpacks it."""
    return zlib.decompress(base64.b64decode(text), -15)


def stored(tmp_path: Path, name: str, tasks: dict[str, Any], **more: Any) -> StoredRun:
    """A run whose tasks are samples, or patterns of right and wrong."""
    lines = {task: right_and_wrong(given) if isinstance(given, str) else given for task, given in tasks.items()}
    (run,) = open_runs([write_run(tmp_path / name, lines, **{"model_name": f"org/{name}", **more})]).runs
    return run


def facts_of(*runs: StoredRun) -> ReportFacts:
    """What the sections of a report show."""
    return ReportFacts(runs, tuple(audit_run(run) for run in runs), *compared(runs))


def page_of(*runs: StoredRun, language: str = "en", **options: Any) -> Page:
    """The page of some runs."""
    return Page(make_report(runs, ReportOptions(language, **options)))
