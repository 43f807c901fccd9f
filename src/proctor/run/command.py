"""The command of this process, as it is said and stored."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from proctor.errors import UsageError
from proctor.models.pool.launcher_process import launcher_process
from proctor.models.pool.launchers import find_ranks
from proctor.secrets import redact_text


def command_line() -> str:
    """The command of this process, without secrets."""
    # `python -m lm_eval` has no file: there Python leaves None.
    name = Path(sys.argv[0] or "").name if sys.argv else ""
    # Each word by itself: what a shell's quotes cut to pieces is recognised by nobody.
    words = [redact_text(word) for word in sys.argv[1:]]
    return shlex.join(["proctor" if name in ("__main__.py", "") else name, *words])


def command_note(what: str) -> str:
    """What the command of this process does when it is given again, and the command; a launcher is named before it.

    Args:
        what: As in ``the same command continues``.
    """
    return f"{what}{_launcher()}: {command_line()}"


def _launcher() -> str:
    """What else starts this process: its own command is not all that was typed."""
    try:
        ranks = find_ranks(os.environ, launcher_process())
    except UsageError:
        ranks = None
    return "" if ranks is None else f", started by {ranks.launcher} as before"
