"""Score an earlier run again with the task files as they are now (filters, metrics, options); needs no model."""

from __future__ import annotations

import argparse
from typing import Any

from proctor.cli.flags import add_task_flags

USAGE = "proctor regrade RUN|RESULTS [--tasks TASK[,...]] [--include_path FOLDER] [--output_path PATH] [flags]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What is graded, by which task files, and where the results go."""
    parser.add_argument(
        "source", metavar="RUN|RESULTS", help="number of a run in 'proctor runs', or a results_*.json file"
    )
    add_task_flags(parser)
    switch: dict[str, Any] = {"action": "store_true"}
    parser.add_argument(
        "--num_fewshot",
        "-f",
        type=int,
        metavar="N",
        help="number of few-shot examples, if the results file does not have it",
    )
    parser.add_argument(
        "--output_path", "-o", metavar="PATH", help="where results are written: a folder or a .json file"
    )
    parser.add_argument("--log_samples", "-s", help="also write a samples file per task", **switch)
    parser.add_argument("--store", metavar="PATH", help="the file of cached responses (default: as for run)")
    parser.add_argument("--no_store", help="read the responses from the samples files beside RESULTS", **switch)
    parser.add_argument("--confirm_run_unsafe_code", help="allow tasks that run code written by the model", **switch)
    parser.add_argument(
        "--strict_lm_eval",
        help="give lm-eval's scores also where proctor differs on purpose (docs/differences.md)",
        **switch,
    )
    parser.add_argument("--fail_fast", help="stop at the first document that cannot be scored", **switch)
    parser.add_argument("--show_config", help="print the content of the results file", **switch)


def execute(namespace: argparse.Namespace) -> int:
    """Grade again, write and print as after a run."""
    from proctor.cli.run import report
    from proctor.errors import UsageError
    from proctor.replay.regrade import Changes, regrade
    from proctor.run.progress import open_progress

    given = {key: value for key, value in vars(namespace).items() if value is not None}
    source = given.pop("source")
    changes = Changes(
        **{**given, "tasks": tuple(given.get("tasks", ())), "include_path": tuple(given.get("include_path", ()))}
    )
    if changes.log_samples and not changes.output_path:
        raise UsageError("--log_samples needs a place to write to: add --output_path FOLDER.")
    return report(regrade(source, changes, progress=open_progress, keep_records=False))
