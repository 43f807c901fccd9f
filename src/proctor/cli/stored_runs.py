"""What subcommands that read stored runs have in common: which run a path means, and flags of an analysis."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proctor.cli.values import Words
from proctor.errors import UsageError

if TYPE_CHECKING:
    from proctor.results.open_runs import OpenedRuns
    from proctor.results.stored_run import StoredRun

log = logging.getLogger("proctor")


def add_runs(parser: argparse.ArgumentParser, what: str) -> None:
    """The stored runs that a subcommand reads, at least one.

    Args:
        parser: The subcommand's.
        what: What becomes of them, for its help.
    """
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="a results file, a samples file, a folder, a .zip or .tar.gz, a .parquet of export, or a number of "
        f"'proctor runs'; of proctor or lm-eval. {what}",
    )


def add_analysis_flags(parser: argparse.ArgumentParser) -> None:
    """Which metric, tasks and clusters, and in which form.

    Args:
        parser: A subcommand's.
    """
    parser.add_argument("--metric", metavar="NAME[,FILTER]", help="the metric (default: the first of each task)")
    parser.add_argument(
        "--tasks", nargs="+", action=Words, metavar="NAME", help="only these tasks and groups; patterns are allowed"
    )
    parser.add_argument(
        "--cluster",
        metavar="COLUMN",
        help="documents with equal values of this column belong together, as those of one passage do; '{{a}} {{b}}' "
        "joins columns",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON, with all digits")
    form.add_argument("--markdown", action="store_true", help="print tables of Markdown")


def add_output(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup,
    text: str,
    *,
    default: str | None = None,
    required: bool = False,
) -> None:
    """The file that is written: ``--output``, ``-o``, and ``--to`` of whoever thinks of export, everywhere.

    Args:
        parser: Of the subcommand.
        text: What the file is.
        default: Where it is written if nothing is said.
        required: Whether something must be said.
    """
    parser.add_argument("--output", "-o", "--to", default=default, required=required, metavar="FILE", help=text)


def refuse_own_files(output: str | None, runs: Sequence[StoredRun]) -> None:
    """Refuse to write over the files that are read.

    Args:
        output: The file that is to be written; None: none is.
        runs: What is read.

    Raises:
        UsageError: It is a results file or a samples file of one of the runs.
    """
    if not output or not os.path.exists(output):
        return
    for run in runs:
        for file in (run.source, *run.samples_files.values()):
            if os.path.exists(file) and os.path.samefile(output, file):
                raise UsageError(f"{output} is a file of the run that is read.", hint="Name another file to write.")


def one_run(path: str, store: str | None) -> StoredRun:
    """The run that an argument means: of a folder with several, the newest, which is said.

    Args:
        path: The argument.
        store: The store whose runs are numbered.

    Raises:
        UsageError: There is nothing there.
        DataError: It cannot be read.
    """
    from proctor.results.open_runs import open_path

    opened = open_path(path, store=store)
    report_unread(opened)
    newest = opened.runs[-1]
    if len(opened.runs) > 1:
        log.warning("%s holds %s runs; taken is the newest, %s.", path, f"{len(opened.runs):,}", newest.source)
    return newest


def report_unread(opened: OpenedRuns) -> None:
    """Name the files that could not be read.

    Args:
        opened: What was opened.
    """
    if not opened.unread:
        return
    reasons = "; ".join(one.sentence for one in opened.unread[:5])
    log.warning("%s of %s files left out: %s", f"{len(opened.unread):,}", f"{opened.files:,}", reasons)
