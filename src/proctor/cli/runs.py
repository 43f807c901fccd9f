"""List earlier runs: when, which command, how it ended, where the results are, and the score of each."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.cli.cache import add_store_flag, chosen_store, when
from proctor.cli.text_tables import shortened_inside, text_width
from proctor.errors import UsageError

if TYPE_CHECKING:
    from proctor.store.runs import Run

USAGE = "proctor runs [N] [--follow [FOLDER]] [--store PATH]"
SHOWN = 20
HEADERS = ("Run", "Began", "Took", "State", "Model", "Tasks", "New questions", "Cached", "Results", "Score")
SHORTENED = ("Results", "Tasks", "Model")
LEAST_WIDTH = 12
"""Columns of a terminal that a shortened cell still has."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """How many, and of which store."""
    parser.add_argument(
        "count", nargs="?", type=int, default=SHOWN, metavar="N", help=f"the last N (default: {SHOWN}; 0: all)"
    )
    parser.add_argument("--commands", action="store_true", help="also show the command of each run")
    parser.add_argument(
        "--follow",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="show what the newest run that goes on is doing, until it ends; of those that write to FOLDER",
    )
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Print them, the last one at the end."""
    from proctor.cli.follow import follow_folder, follow_runs
    from proctor.cli.ls import markdown_table
    from proctor.store.admin import opened
    from proctor.store.runs import list_runs

    if namespace.count < 0:
        raise UsageError(f"'proctor runs {namespace.count}': the number of runs to show is 0 (all of them) or more.")
    if namespace.follow:
        return follow_folder(Path(namespace.follow))
    with opened(chosen_store(namespace)) as connection:
        runs = list_runs(connection)
    if namespace.follow is not None:
        return follow_runs(runs)
    shown = runs[-namespace.count :] if namespace.count > 0 else runs
    if namespace.commands:
        print("\n".join(f"{run.id}: {run.command}" for run in shown))
        return 0
    rows = [_row(run) for run in shown]
    if sys.stdout.isatty():
        rows = _narrowed(rows, shutil.get_terminal_size().columns)
    print(markdown_table(HEADERS, rows), end="")
    return 0


def _narrowed(rows: Sequence[Sequence[str]], columns: int) -> list[tuple[str, ...]]:
    """Rows whose table fits a terminal: of paths, then tasks, then names of models the middle is left out."""
    narrow = [tuple(row) for row in rows]
    for name in SHORTENED:
        widths = [max(3, *map(text_width, column)) for column in zip(HEADERS, *narrow, strict=True)]
        too_wide, place = sum(widths) + len(widths) + 1 - columns, HEADERS.index(name)
        if too_wide <= 0:
            break
        room = max(widths[place] - too_wide, LEAST_WIDTH)
        narrow = [(*row[:place], shortened_inside(row[place], room), *row[place + 1 :]) for row in narrow]
    return narrow


def _row(run: Run) -> tuple[str, ...]:
    tasks = run.config.get("tasks") or ()
    names = ", ".join(tasks[:3]) + (f" and {len(tasks) - 3} more" if len(tasks) > 3 else "")
    if not run.config:
        names = run.command.removeprefix("proctor ")  # `cache merge`: responses of another store, no tasks
    took = "" if run.ended is None else _duration(run.ended - run.started)
    counts = ("", "") if run.ended is None else (f"{run.requested:,}", f"{run.cached:,}")
    return (str(run.id), when(run.started), took, run.state, run.name, names, *counts, run.results or "", _score(run))


def _score(run: Run) -> str:
    """The first score of the run's first group or task; nothing where its results are not there any more."""
    from proctor.errors import ProctorError
    from proctor.results.open_runs import open_path

    if not run.results or not os.path.isfile(run.results):
        return ""
    try:
        stored = open_path(run.results).runs[-1]
    except ProctorError:
        return ""
    scores = ((name, metric, score) for name, _ in stored.tree() for (metric, _), score in stored.scores(name).items())
    first = next(scores, None)
    return "" if first is None else f"{stored.alias(first[0])} {first[1]} {first[2]:.4f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
