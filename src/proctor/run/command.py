"""The command of this process, as it is said and stored."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from proctor.secrets import redact_text


def command_line() -> str:
    """The command of this process, without secrets."""
    # `python -m lm_eval` has no file: there Python leaves None.
    name = Path(sys.argv[0] or "").name if sys.argv else ""
    # Each word by itself: what a shell's quotes cut to pieces is recognised by nobody.
    words = [redact_text(word) for word in sys.argv[1:]]
    return shlex.join(["proctor" if name in ("__main__.py", "") else name, *words])
