"""Processes that a script starts: how they, too, get proctor for ``lm_eval``.

A finder in ``sys.meta_path`` ends with its process. Workers that are spawned, and scripts started by
``subprocess.run([sys.executable, ...])``, begin with an empty one. Python runs the ``.pth`` files of an environment
when it starts, so one line there can put the finder back. It is written only when somebody asks for it, and:

- it does nothing unless the environment variable ``PROCTOR_COMPAT`` is set, as ``python -m proctor.compat`` sets it
  for its children; every other start of Python costs one look at a variable;
- it does nothing where proctor is not there any more.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from proctor.errors import OutputError

VARIABLE = "PROCTOR_COMPAT"
SAID = "said"
"""The variable's value from the first process on that has said it; whoever sets it by hand writes 1."""

_LINE = f"""\
import os; exec("try:\\n import proctor.compat.install as i\\nexcept ImportError: pass\\nelse: i.start()") \
if os.environ.get("{VARIABLE}", "0") not in ("", "0") else None
"""


def path_of_hook() -> Path:
    """The ``.pth`` file of this interpreter's environment."""
    return Path(sysconfig.get_path("purelib")) / "proctor_compat.pth"


def install() -> str:
    """Write the hook; a sentence that says what was done.

    Raises:
        OutputError: the environment cannot be written to.
    """
    file = path_of_hook()
    try:
        file.write_text(_LINE, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written: {error.strerror or error}.", hint="Use a virtual environment of your own."
        ) from error
    return (
        f"Written: {file}. Where {VARIABLE}=1 is set, 'import lm_eval' is proctor in every Python of this environment; "
        "'python -m proctor.compat' sets it for the processes that its script starts. "
        "'proctor compat uninstall' removes it."
    )


def uninstall() -> str:
    """Remove the hook; a sentence that says what was done.

    Raises:
        OutputError: the file cannot be removed.
    """
    file = path_of_hook()
    if not file.exists():
        return f"There is nothing to remove: {file} does not exist."
    try:
        file.unlink()
    except OSError as error:
        raise OutputError(f"{file} cannot be removed: {error.strerror or error}.") from error
    return f"Removed: {file}."


def start() -> None:
    """What the hook calls in a new interpreter: serve ``lm_eval``, and say so in the first of them."""
    from proctor.compat.serving import serve

    # Somebody was faster (sitecustomize): what is imported already is left alone.
    if "lm_eval" in sys.modules:
        return
    serve()
    if os.environ.get(VARIABLE) != SAID:
        print(f"proctor: 'import lm_eval' is proctor here and in child processes ({VARIABLE}).", file=sys.stderr)  # noqa: T201
        os.environ[VARIABLE] = SAID


def pass_on() -> None:
    """Let processes that this one starts serve ``lm_eval`` too, where the hook is installed."""
    os.environ[VARIABLE] = SAID
