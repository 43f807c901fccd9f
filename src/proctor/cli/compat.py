"""Let scripts written for lm-eval, and the processes that they start, run on proctor."""

from __future__ import annotations

import argparse
from typing import Any

from proctor.lazy import load_attribute

USAGE = """proctor compat install      processes started by 'python -m proctor.compat' inherit it
       proctor compat uninstall"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    parser.add_argument(
        "what",
        choices=("install", "uninstall"),
        help="install: write a .pth file into this environment, through which processes that a script of "
        "'python -m proctor.compat SCRIPT.py' starts import proctor as lm_eval, too; uninstall: remove it",
    )


def execute(namespace: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    act: Any = load_attribute(f"proctor.compat.install:{namespace.what}")
    print(act())
    return 0
