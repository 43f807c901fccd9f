"""A report: from paths to the text of one file."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from proctor.analysis.audit import audit_run
from proctor.analysis.comparison import Comparison
from proctor.analysis.run_audit import AuditOptions, RunAudit
from proctor.errors import UsageError
from proctor.html_report.about import about
from proctor.html_report.answers import answers
from proctor.html_report.collect import Collector
from proctor.html_report.facts import ReportFacts, ReportOptions, compared, score_rows
from proctor.html_report.head import head, title_of
from proctor.html_report.language import language_of
from proctor.html_report.page import page
from proctor.html_report.page_data import page_data
from proctor.html_report.questions import page_script, questions, words_of_script
from proctor.html_report.run_warnings import damaged_tasks
from proctor.html_report.scores import scores
from proctor.html_report.spool import Spool
from proctor.html_report.versus import versus
from proctor.html_report.without import without
from proctor.plurals import counted
from proctor.results.exclusions import read_exclusions
from proctor.results.open_runs import Unread
from proctor.results.stored_run import StoredRun

log = logging.getLogger("proctor")

FIXED = 90_000
"""Bytes of styles, scripts and what is around the sections."""


def make_report(
    runs: Sequence[StoredRun],
    options: ReportOptions | None = None,
    *,
    unread: Iterable[Unread] = (),
    files: int = 0,
    comparison: Comparison | None = None,
) -> str:
    """The page of some runs.

    Args:
        runs: At least one.
        options: What is asked for.
        unread: Files that could not be read: the page names them.
        files: How many files were looked at.
        comparison: Of these runs, where it has been made: the page is about its tasks, metric and clusters.

    Returns:
        HTML: one file without references to others, the same for the same runs and options.

    Raises:
        UsageError: There is no run.
    """
    if not runs:
        raise UsageError("A report takes a run.", hint="proctor report RUN")
    options = options or ReportOptions()
    language = language_of(options.language)
    exclusions = read_exclusions(options.exclude) if options.exclude else None
    wanted = _audit_options(options, comparison)
    with Spool() as spool:
        collector = Collector(spool, options.by)
        audits = tuple([audit_run(run, wanted, collector.watch(place, run)) for place, run in enumerate(runs)])
        _warn_of_damage(audits)
        found, reason = (comparison, None) if comparison else compared(runs, collector.scores)
        facts = ReportFacts(*(tuple(runs), audits, found, reason, tuple(unread), files, collector.scores, exclusions))
        rows = score_rows(facts)
        before = [
            scores(facts, rows, language),
            without(facts, rows, language),
            versus(facts, language),
            answers(facts, collector, language),
        ]
        after = [about(facts, language)]
        top = head(facts, rows, language)
        used = sum(len(one.encode()) for one in (top, *before, *after) if one) + FIXED
        data = page_data(facts, collector, spool, options, options.max_size - used)
    middle = questions(data, facts, options, language)
    return page(
        title_of(rows, language),
        [*before, middle, *after],
        language,
        head=top,
        blocks=(words_of_script(language), *(data.blocks if data else ())),
        script=page_script(),
        canary=options.canary,
    )


def _warn_of_damage(audits: Sequence[RunAudit]) -> None:
    """The page names tasks whose samples cannot be read; whoever makes it should not have to look for them there."""
    reasons = [one.reason for audit in audits for one in damaged_tasks(audit) if one.reason]
    if reasons:
        log.warning(
            "The samples of %s cannot be read, and the page has their scores alone: %s%s",
            counted(len(reasons), "task"), " ".join(reasons[:5]), " ..." if len(reasons) > 5 else "",
        )  # fmt: skip


def _audit_options(options: ReportOptions, comparison: Comparison | None) -> AuditOptions:
    """What is looked at in each run: what a comparison was asked for, so that both speak of the same scores."""
    if comparison is None:
        return AuditOptions(by=options.by)
    asked = comparison.options
    return AuditOptions(metric=asked.metric, tasks=asked.tasks, cluster=asked.cluster, by=options.by)


def write_report(file: Path, text: str) -> int:
    """Write a report, whole or not at all; return its size in bytes.

    Args:
        file: Where to.
        text: The page.
    """
    data = text.encode("utf-8")
    if file.is_symlink() or (file.exists() and not file.is_file()):  # a link, a pipe: nothing takes its place
        file.write_bytes(data)
        return len(data)
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_bytes(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return len(data)
