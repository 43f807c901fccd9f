"""Write one HTML file of stored runs: scores, comparisons, how a model answers, every question; it opens offline."""

from __future__ import annotations

import argparse
import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.cli.cache import add_store_flag
from proctor.cli.stored_runs import add_output, add_runs, refuse_own_files, report_unread
from proctor.cli.values import Words
from proctor.errors import UsageError, printable

if TYPE_CHECKING:
    from proctor.html_report.facts import ReportOptions

log = logging.getLogger("proctor")

USAGE = "proctor report RUN [RUN ...] [-o report.html] [--language en|ko] [--max_size MB] [--without PART ...]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which runs, and what the page holds."""
    add_runs(parser, "All runs of a folder are compared")
    add_output(parser, "(default: report.html)", default="report.html")
    parser.add_argument("--language", choices=("en", "ko"), help="of the page (default: the locale's)")
    parser.add_argument(
        "--max_size",
        type=float,
        default=5.0,
        metavar="MB",
        help="what does not fit is left out, and the page says so (default: 5)",
    )
    parser.add_argument(
        "--without",
        nargs="+",
        action=Words,
        default=[],
        metavar="PART",
        help="questions, prompts or answers, for exams that must not get out; scores stay",
    )
    parser.add_argument("--by", metavar="COLUMN", help="scores and a filter by the values of this column of documents")
    parser.add_argument(
        "--exclude", metavar="FILE", help="documents to leave out (flags.jsonl of a report): scores without them, too"
    )
    parser.add_argument("--canary", metavar="TEXT", help="written into the file, to be found again in training data")
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Write the file, and say how large it is."""
    from proctor.html_report.report import make_report
    from proctor.results.open_runs import open_runs

    if not namespace.output.strip():
        raise UsageError("--output is empty; it must be the path of a file.")
    opened = open_runs(namespace.runs, store=namespace.store)
    report_unread(opened)
    refuse_own_files(namespace.output, opened.runs)
    options = _options(namespace)
    text = make_report(opened.runs, options, unread=opened.unread, files=opened.files)
    if len(text.encode("utf-8")) > options.max_size:
        log.warning("%s is larger than --max_size %g: scores, plots and the columns of the list take that much.",
                    namespace.output, namespace.max_size)  # fmt: skip
    print(save_page(namespace.output, text))
    return 0


def save_page(output: str, text: str) -> str:
    """Write a page; return the line that says where, and how large it is.

    Args:
        output: The file.
        text: The page.

    Raises:
        UsageError: It cannot be written.
    """
    from proctor.html_report.report import write_report

    try:
        size = write_report(Path(output), text)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror or error}.") from error
    return f"{printable(output)}: {size / 1e6:.2f} MB"


def _options(namespace: argparse.Namespace) -> ReportOptions:
    from proctor.html_report.facts import ReportOptions, report_parts, size_in_bytes

    words = ["proctor", "report", *map(str, namespace.runs), "-o", namespace.output]
    return ReportOptions(
        namespace.language,
        size_in_bytes(namespace.max_size),
        report_parts(namespace.without),
        namespace.canary,
        namespace.by,
        namespace.exclude,
        " ".join(map(shlex.quote, words)),
    )
