"""Servers that are started for a test or a comparison: until they respond, and to their end."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 300
"""How long a server may take until it responds."""


class ServerFailedError(Exception):
    """A server ended, or does not respond; with what it said last."""


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_server(
    command: Sequence[str], url: str, log: Path, environment: Mapping[str, str], seconds: float = SECONDS
) -> subprocess.Popen[bytes]:
    """Start a server and wait until it responds.

    Args:
        command: Its words.
        url: What responds once it is ready.
        log: Where its output goes.
        environment: Its variables.
        seconds: How long it may take.

    Raises:
        ServerFailedError: It ended, or does not respond; it is stopped then.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(list(command), stdout=file, stderr=file, env=dict(environment))
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < seconds:
        try:
            urllib.request.urlopen(url, timeout=2).read()
        except OSError:
            time.sleep(0.5)
        else:
            return process
    why = "does not respond" if process.poll() is None else "ended"
    stop_server(process)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise ServerFailedError(f"the server {why} ({' '.join(map(str, command[:4]))}); its last words:\n{tail}")


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """End a server.

    Args:
        process: The server; it may have ended.
    """
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
