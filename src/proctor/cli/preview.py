"""Show the prompts of a run exactly as they are sent, for a few documents of each task."""

from __future__ import annotations

import argparse
import os
import sys

from proctor.cli.flags import add_preview_flags as add_flags

__all__ = ["add_flags", "execute"]

USAGE = "proctor preview --tasks TASK[,...] [--limit N] [--num_fewshot N] [--model_args pretrained=MODEL] [flags]"


def execute(namespace: argparse.Namespace) -> int:
    """Print the prompts. The flags mean what they mean to ``run``."""
    from proctor.cli.run import read_config

    config = read_config(vars(namespace))

    from proctor.run.preview import preview
    from proctor.run.progress import open_progress

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for block in preview(config, progress=open_progress, color=color):
        print(block)
    return 0
