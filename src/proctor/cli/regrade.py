"""Grade an earlier run again by today's task files: new filters, metrics or choices, and no model."""

from __future__ import annotations

import argparse
from typing import Any

from proctor.cli.flags import add_task_flags

USAGE = "proctor regrade RUN|RESULTS [--tasks TASK[,...]] [--include_path FOLDER] [--output_path PATH] [flags]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What is graded, by which task files, and where the results go."""
    parser.add_argument("source", metavar="RUN|RESULTS", help="a number of 'proctor runs', or a results_*.json")
    add_task_flags(parser)
    switch: dict[str, Any] = {"action": "store_true"}
    parser.add_argument("--num_fewshot", "-f", type=int, metavar="N", help="if the results file does not tell it")
    parser.add_argument("--output_path", "-o", metavar="PATH", help="a folder, or a .json file, for the results")
    parser.add_argument("--log_samples", "-s", help="write the samples as well", **switch)
    parser.add_argument("--store", metavar="PATH", help="where the answers are (default: as for run)")
    parser.add_argument("--no_store", help="take the answers from the samples files beside RESULTS", **switch)
    parser.add_argument("--confirm_run_unsafe_code", help="yes, run what the model wrote, for tasks that do", **switch)
    parser.add_argument("--strict_lm_eval", help="lm-eval's figures also where they are held to be wrong", **switch)
    parser.add_argument("--fail_fast", help="stop at the first document that cannot be graded", **switch)
    parser.add_argument("--show_config", help="print the whole results document", **switch)


def execute(namespace: argparse.Namespace) -> int:
    """Grade again, write and print as after a run."""
    from proctor.cli.run import report
    from proctor.errors import UsageError
    from proctor.run.progress import open_progress
    from proctor.run.regrade import Changes, regrade

    given = {key: value for key, value in vars(namespace).items() if value is not None}
    source = given.pop("source")
    changes = Changes(
        **{**given, "tasks": tuple(given.get("tasks", ())), "include_path": tuple(given.get("include_path", ()))}
    )
    if changes.log_samples and not changes.output_path:
        raise UsageError("--log_samples needs a place to write to: add --output_path FOLDER.")
    return report(regrade(source, changes, progress=open_progress, keep_records=False))
