"""Show the prompts of a run exactly as they are sent, for a few documents of each task."""

from __future__ import annotations

import argparse
import os
import sys

from proctor.cli.environment import set_tokenizer_threads
from proctor.cli.flags import add_preview_flags as add_flags

__all__ = ["add_flags", "execute"]

USAGE = "proctor preview --tasks TASK[,...] [--limit N] [--num_fewshot N] [--model_args pretrained=MODEL] [flags]"


def execute(namespace: argparse.Namespace) -> int:
    """Print the prompts, or with --plan and --estimate what they cost. The flags mean what they mean to ``run``."""
    from proctor.cli.run import read_config

    given = dict(vars(namespace))
    timed = given.pop("estimate", False)
    counted = given.pop("plan", False) or timed
    powered = given.pop("power", False)
    config = read_config(given)

    from proctor.run.progress import open_progress

    if powered:
        from proctor.cli.power_table import power_lines
        from proctor.preview.power import task_power

        print("\n".join(power_lines(*task_power(config, progress=open_progress))))
        return 0
    set_tokenizer_threads(config.threads)
    if counted:
        from proctor.cli.launcher import refuse_spread_model
        from proctor.preview.estimate import estimate

        refuse_spread_model(config, "preview")

        for line in estimate(config, progress=open_progress, timed=timed):
            print(line, flush=True)
        return 0

    from proctor.preview.preview import preview

    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for block in preview(config, progress=open_progress, color=color):
        print(block)
    return 0
