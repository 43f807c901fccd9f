"""What several sections show alike: a run's name, a score with its interval, a verdict, a table that scrolls."""

from __future__ import annotations

from collections.abc import Sequence

from proctor.analysis.compare_text import MARKS
from proctor.analysis.own_settings import short_name
from proctor.analysis.run_audit import ScoreAudit
from proctor.analysis.verdicts import Judgement, Verdict
from proctor.analysis.wording import number, span
from proctor.html_report.language import Language
from proctor.html_report.markup import Child, Html, element, isolated, joined
from proctor.html_report.svg import key_mark
from proctor.results.stored_run import StoredRun

VERDICTS = {Verdict.BETTER: "better", Verdict.WORSE: "worse", Verdict.SAME: "same", Verdict.NOT_RESOLVED: "unresolved"}
"""Verdicts as keys of strings, and as classes of style."""


def run_number(place: int) -> str:
    """What a run is called: R1, R2 and so on; a letter would be taken for that of an option.

    Args:
        place: Its place among the runs.
    """
    return f"R{place + 1}"


def run_label(place: int, run: StoredRun | None = None) -> Html:
    """A run's mark and number, and its model's name where a run is given.

    Args:
        place: Its place among the runs.
        run: The run.
    """
    name = (" ", isolated(short_name(run))) if run is not None else ()
    return element("span", key_mark(place), element("b", run_number(place)), *name, class_="run-label")


def moment(stamp: str) -> str:
    """``2026-01-02 03:04:05``, from the time in the name of a results file.

    Args:
        stamp: ``2026-01-02T03-04-05.678901``, or "".
    """
    day, _, clock = stamp.partition("T")
    return f"{day} {clock[:8].replace('-', ':')}".strip()


def own_line(text: str) -> Html | None:
    """What stands below the name of a run's model; None where there is nothing to say.

    Args:
        text: The settings that are its own.
    """
    return element("span", text, class_="ci own") if text else None


def score_text(score: ScoreAudit | None, *, interval: bool = True) -> Html:
    """``0.6722 [0.635, 0.707]``; a dash where there is none.

    Args:
        score: The score.
        interval: Whether its interval is shown.
    """
    if score is None:
        return element("span", "—", class_="none")
    shown = element("b", f"{score.mark}{number(score.score)}")
    if not interval or score.interval is None:
        return shown
    return joined(shown, " ", element("i", span(score.interval, 3)))


def verdict(judgement: Judgement | None, language: Language) -> Html:
    """A verdict as mark and word; the mark has the colour.

    Args:
        judgement: The verdict; None: there is no test.
        language: Of the word.
    """
    if judgement is None:
        return element("span", language.text("no_test"), class_="verdict none")
    kind = VERDICTS[judgement.verdict]
    sign = element("span", MARKS[judgement.verdict], class_="sign", aria_hidden="true")
    return element("span", sign, " ", language.text(f"verdict_{kind}"), class_=f"verdict {kind}")


def table(headers: Sequence[Child], *bodies: Child, label: str, class_: str = "") -> Html:
    """A table that scrolls in itself where the window is narrow.

    Args:
        headers: Cells of the head: texts, or ``th`` elements.
        bodies: ``tbody`` elements.
        label: What a reader hears before it.
        class_: Of the table.
    """
    cells = [one if isinstance(one, Html) and one.startswith("<th") else element("th", one, scope="col")
             for one in headers]  # fmt: skip
    inner = element("table", element("thead", element("tr", *cells)), *bodies, class_=class_ or None)
    return element("div", inner, class_="scroll", role="group", aria_label=label, tabindex=0)


def section(name: str, title: str, *children: Child) -> Html:
    """A section of the page with its heading.

    Args:
        name: Its address.
        title: Its heading.
        children: What is in it.
    """
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *children, id=name, aria_labelledby=f"{name}-title")


def details(summary: Child, *children: Child, open_: bool = False, class_: str | None = None) -> Html:
    """Something that is opened when it is wanted; printed pages have it open.

    Args:
        summary: What stands for it.
        children: What is in it.
        open_: Whether it is open at first.
        class_: Of the element.
    """
    return element("details", element("summary", summary), *children, open=open_, class_=class_)


def roots_of(run: StoredRun) -> list[str]:
    """Groups and tasks that are in no group.

    Args:
        run: The run.
    """
    return [name for name, depth in run.tree() if depth == 0]
