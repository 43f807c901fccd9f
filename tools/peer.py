"""Where the program compared with is, and where the test data: for the tools and for ``bench/``."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEER_VERSION = "0.4.13"


class Failed(Exception):
    """A program could not be run, or ended with an error; the text is for the user."""


def shared_folder() -> Path:
    """The shared test data, found as the tests find it."""
    return Path(os.environ.get("PROCTOR_SHARED") or ROOT.parent / "shared")


def peer_python(given: str | None) -> str:
    """A Python that has the version of lm-eval whose numbers are the reference.

    Args:
        given: Its path or name; None: ``$PEER_PYTHON``, else the environment that ``make parity`` sets up.

    Returns:
        An absolute path where a path was given, since the programs run in other folders. Links stay: a virtual
        environment's Python is a link, and is itself only under its own path.

    Raises:
        Failed: It cannot be started, or has another version or none.
    """
    python = given or os.environ.get("PEER_PYTHON") or str(ROOT / ".venv-peer" / "bin" / "python")
    code = "from importlib.metadata import version; print(version('lm_eval'))"
    try:
        asked = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failed(f"{python} cannot be started ({error.strerror}); 'make parity' sets it up.") from error
    found = asked.stdout.strip()
    if asked.returncode or found != PEER_VERSION:
        raise Failed(f"{python} has lm_eval {found or 'not at all'}, but {PEER_VERSION} is needed.")
    return python if os.sep not in python else os.path.abspath(python)
