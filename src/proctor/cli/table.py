"""Put the scores of runs side by side: models by tasks, each with its interval, the best marked beyond noise."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proctor.cli.cache import add_store_flag
from proctor.cli.stored_runs import add_runs, report_unread
from proctor.cli.values import Words

if TYPE_CHECKING:
    from proctor.results.stored_run import StoredRun

USAGE = "proctor table RUN [RUN ...] [--by COLUMN] [--format md|csv|tsv|latex|html|json] [flags]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which runs, and which table."""
    add_runs(parser, "All runs of a folder are taken")
    parser.add_argument("--metric", metavar="NAME[,FILTER]", help="the metric (default: the first of each task)")
    parser.add_argument(
        "--tasks", nargs="+", action=Words, metavar="NAME", help="only these tasks and groups; patterns are allowed"
    )
    parser.add_argument("--by", metavar="COLUMN", help="also by the values of this column of the documents")
    parser.add_argument(
        "--format", choices=("md", "csv", "tsv", "latex", "html", "json"), default="md", help="default: md"
    )
    parser.add_argument(
        "--lines", choices=("models", "tasks"), help="what has a line (default: models where there are few tasks)"
    )
    parser.add_argument(
        "--chance_corrected", action="store_true", help="scores above chance: (score - chance) / (1 - chance)"
    )
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Print the table."""
    from proctor.analysis.score_table import ScoreTableOptions, score_table
    from proctor.cli.score_formats import formatted

    options = ScoreTableOptions(
        metric=namespace.metric,
        tasks=tuple(namespace.tasks or ()),
        by=namespace.by,
        chance_corrected=namespace.chance_corrected,
    )
    table = score_table(_runs(namespace.runs, namespace.store), options)
    print(formatted(table, namespace.format, namespace.lines), end="")
    return 0


def _runs(paths: Sequence[str], store: str | None) -> list[StoredRun]:
    """All runs of all paths, each once."""
    from proctor.results.open_runs import open_runs

    opened = open_runs(paths, store=store)
    report_unread(opened)
    return list({run.source: run for run in opened.runs}.values())
