"""proctor's command, as a launcher starts it; the rank ``PAUSED_RANK`` stops for good after some responses of its own.

It writes its process number into ``PAUSED_FILE`` then, so that a test knows whom to kill, and when.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from proctor.cli.main import main
from proctor.models.hf.lazy import LazyHf

AFTER = 10
"""Responses before the pause."""

_resume = LazyHf.resume


def _paused(self, requests, missing):
    for number, pair in enumerate(_resume(self, requests, missing)):
        if number == AFTER:
            file = Path(os.environ["PAUSED_FILE"])
            file.with_suffix(".new").write_text(str(os.getpid()), encoding="utf-8")
            file.with_suffix(".new").rename(file)
            time.sleep(600)
        yield pair


if os.environ.get("PAUSED_RANK") == os.environ.get("RANK"):
    LazyHf.resume = _paused

sys.exit(main())
