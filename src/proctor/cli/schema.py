"""Print the task language as a JSON schema, which editors complete and check task files by."""

from __future__ import annotations

import argparse
import json

USAGE = "proctor schema > task.schema.json"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def execute(namespace: argparse.Namespace) -> int:
    """Print the schema."""
    from proctor.tasks.json_schema import task_schema

    print(json.dumps(task_schema(), ensure_ascii=False, indent=2))
    return 0
