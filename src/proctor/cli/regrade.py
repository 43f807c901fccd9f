"""Score an earlier run again with the task files as they are now (filters, metrics, options); needs no model."""

from __future__ import annotations

import argparse

from proctor.cli.flags import add_setting_flags

USAGE = "proctor regrade RUN|RESULTS [--tasks TASK[,...]] [--include_path FOLDER] [--output_path PATH] [flags]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What is graded, by which task files, and where the results go."""
    parser.add_argument(
        "source", metavar="RUN|RESULTS", help="number of a run in 'proctor runs', or a results_*.json file"
    )
    add_setting_flags(parser, "regrade")


def execute(namespace: argparse.Namespace) -> int:
    """Grade again, write and print as after a run."""
    from proctor.cli.run import report
    from proctor.errors import UsageError
    from proctor.replay.changes import Changes
    from proctor.replay.regrade import regrade
    from proctor.run.progress import open_progress
    from proctor.settings.config import check_values

    given = dict(vars(namespace))
    source = given.pop("source")
    changes = Changes(**check_values(given))
    if changes.log_samples and not changes.output_path:
        raise UsageError("--log_samples needs a place to write to: add --output_path FOLDER.")
    return report(regrade(source, changes, progress=open_progress, keep_records=False))
