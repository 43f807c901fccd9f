"""Write the samples of runs as a table: CSV, Excel, Parquet or JSON lines, a row for each document and run."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from proctor.cli.cache import add_store_flag
from proctor.cli.stored_runs import add_output, add_runs, refuse_own_files, report_unread
from proctor.cli.values import Words
from proctor.plurals import counted

USAGE = "proctor export RUN [RUN ...] -o FILE.csv|.xlsx|.parquet|.jsonl [--columns NAME ...] [--tasks NAME ...]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which runs, what of them, and where to."""
    add_runs(parser, "All runs of a folder are taken")
    add_output(parser, "ends in .csv, .xlsx, .parquet or .jsonl", required=True)
    parser.add_argument("--columns", nargs="+", action=Words, metavar="NAME", help="only these columns, in this order")
    parser.add_argument(
        "--tasks", nargs="+", action=Words, metavar="NAME", help="only these tasks and groups; patterns are allowed"
    )
    parser.add_argument("--excel", action="store_true", help="a CSV with a byte order mark, by which Excel knows UTF-8")
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Write the table, and say how many rows it has."""
    from proctor.analysis.sample_rows import sample_table
    from proctor.results.exported_runs import SAMPLE, metadata_of
    from proctor.results.open_runs import open_runs
    from proctor.results.sample_tables import has_metadata, write_table

    opened = open_runs(namespace.runs, store=namespace.store)
    report_unread(opened)
    runs = list({run.source: run for run in opened.runs}.values())
    refuse_own_files(namespace.output, opened.runs)
    table = sample_table(runs, namespace.tasks or (), namespace.columns or (), lines=has_metadata(namespace.output))
    metadata = metadata_of(table.parts) if SAMPLE in table.columns else {}
    count = write_table(namespace.output, table.columns, table.rows, excel=namespace.excel, metadata=metadata)
    print(f"{namespace.output}: {counted(count, 'row')}, {counted(len(table.columns), 'column')}")
    if table.note:
        print(table.note)
    if not namespace.excel and _is_misread(Path(namespace.output)):
        print("It has letters beyond ASCII: --excel writes the mark by which Excel knows UTF-8.")
    if missing := sum(not run.samples_files for run in runs):
        print(f"{counted(missing, 'run')} without samples left out: --log_samples writes them.")
    return 0


def _is_misread(file: Path) -> bool:
    """Whether Excel would take a CSV for one of another encoding."""
    if file.suffix.lower() != ".csv":
        return False
    with file.open("rb") as stream:
        return not all(part.isascii() for part in iter(partial(stream.read, 1 << 20), b""))
