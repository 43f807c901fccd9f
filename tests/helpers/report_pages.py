"""Reports of runs that are made by hand, and their pages read back."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any

from stored_runs import right_and_wrong, write_run

from proctor.analysis.audit import audit_run
from proctor.html_report.facts import ReportFacts, ReportOptions, compared
from proctor.html_report.report import make_report
from proctor.results.open_runs import open_runs
from proctor.results.stored_run import StoredRun

VOID = {"br", "hr", "input", "meta", "wbr"}
CELLS = ("td", "th")
ENDED = {"li": ("li",), "td": CELLS, "th": CELLS, "tr": (*CELLS, "tr")}
"""What an element ends that is open where it begins."""


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
        self._end(ENDED.get(tag, ()))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._end(ENDED)
        assert self.open.pop() == tag, (tag, self.open)

    def _end(self, implied: Iterable[str]) -> None:
        while self.open and self.open[-1] in implied:
            self.open.pop()

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
    """Data of a page as its script unpacks it: two letters are 13 bits, the lowest first, a last one is 6."""
    digits = [ord(letter) - (36 if letter > "<" else 35) for letter in text]
    assert all(0 <= digit < 91 for digit in digits)
    data = bytearray()
    for start in range(0, len(digits), 16):
        part = digits[start : start + 16]
        pairs = zip_longest(part[::2], part[1::2], fillvalue=0)
        number = sum((low + 91 * high) << 13 * place for place, (low, high) in enumerate(pairs))
        data += number.to_bytes(13, "little")[: (13 * (len(part) // 2) + 6 * (len(part) % 2)) // 8]
    return zlib.decompress(bytes(data), -15)


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
