"""A report: from paths to the text of one file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from proctor.analysis.audit import audit_run
from proctor.errors import UsageError
from proctor.html_report.about import about
from proctor.html_report.facts import ReportFacts, ReportOptions, compared, score_rows
from proctor.html_report.head import head, title_of
from proctor.html_report.language import language_of
from proctor.html_report.page import page
from proctor.html_report.scores import scores
from proctor.html_report.versus import versus
from proctor.results.open_runs import Unread
from proctor.results.stored_run import StoredRun


def make_report(
    runs: Sequence[StoredRun],
    options: ReportOptions | None = None,
    *,
    unread: Iterable[Unread] = (),
    files: int = 0,
) -> str:
    """The page of some runs.

    Args:
        runs: At least one.
        options: What is asked for.
        unread: Files that could not be read: the page names them.
        files: How many files were looked at.

    Returns:
        HTML: one file without references to others, the same for the same runs and options.

    Raises:
        UsageError: There is no run.
    """
    if not runs:
        raise UsageError("A report takes a run.", hint="proctor report RUN")
    options = options or ReportOptions()
    language = language_of(options.language)
    comparison, reason = compared(runs)
    facts = ReportFacts(tuple(runs), tuple(audit_run(run) for run in runs), comparison, reason, tuple(unread), files)
    rows = score_rows(facts)
    sections = [scores(facts, rows, language), versus(facts, language), about(facts, language)]
    return page(title_of(rows, language), sections, language, head=head(facts, rows, language), canary=options.canary)


def write_report(file: Path, text: str) -> int:
    """Write a report; return its size in bytes.

    Args:
        file: Where to.
        text: The page.
    """
    data = text.encode("utf-8")
    file.write_bytes(data)
    return len(data)
