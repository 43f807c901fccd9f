"""Matches on behalf of a thread, in a process that the system ends when a match takes too long.

Started by its path and without site packages, so it imports the standard library alone. One line
of JSON comes in per text, one goes out.
"""

from __future__ import annotations

import json
import math
import re
import resource
import sys
import time
from typing import Any


def serve() -> None:
    """Answer until nobody asks."""
    # SIGXCPU writes a core file by default, once for each slow pattern.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        answer = _answer(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    _allow(job["seconds"])
    regex = re.compile(job["pattern"], job["flags"])
    try:
        if job["work"] == "findall":
            return {"found": regex.findall(job["text"])}
        return {"found": regex.sub(job["repl"], job["text"], count=job["count"])}
    except (re.error, IndexError, MemoryError, RecursionError, TypeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _allow(seconds: float) -> None:
    """Let the system end this process (SIGXCPU) after so much more of its time, in whole seconds."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    # The limit counts from the start of the process, so it is moved on for each text.
    until = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until if most == resource.RLIM_INFINITY else min(until, most), most))


if __name__ == "__main__":
    serve()
