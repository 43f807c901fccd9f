"""``python -m proctor.compat script.py``: run a script that imports ``lm_eval`` on proctor instead.

lm-eval need not be installed; where it is, the script does not see it.
"""

from __future__ import annotations

import re
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proctor.alias import PEER, why_not
from proctor.compat.install import pass_on
from proctor.compat.scripts.patched_names import patched_openers
from proctor.compat.serving import serve
from proctor.errors import ProctorError, UsageError, did_you_mean
from proctor.lazy import load_attribute
from proctor.models import MODELS

USAGE = """\
usage: python -m proctor.compat SCRIPT.py [ARGUMENT ...]
       python -m proctor.compat -m MODULE [ARGUMENT ...]
       python -m proctor.compat -c CODE [ARGUMENT ...]

Runs a Python program that says 'import lm_eval' with proctor in the place of lm-eval; '-m lm_eval' is proctor's own
command line. 'accelerate launch -m proctor.compat ...' works, too. Processes that the program starts get proctor, too,
after 'proctor compat install'.
"""


def cli_evaluate() -> None:
    """The command, from a script: read ``sys.argv`` and evaluate. A failure ends the script with its exit code."""
    command: Any = load_attribute("proctor.cli.main:main")
    for name, opener in patched_openers().items():
        MODELS.put(name, opener)
    code = command(sys.argv[1:])
    if code:
        sys.exit(code)


def main(words: Sequence[str]) -> int:
    """Run what ``words`` name; the exit code."""
    if not words or words[0] in ("-h", "--help"):
        print(USAGE, end="")  # noqa: T201
        return 0 if words else 2
    try:
        serve()
        # After serving, before the script runs: it may start processes in its first line.
        pass_on()
        _run(list(words))
    except ProctorError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except ImportError as error:
        sentence = _unserved(error)
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _run(words: list[str]) -> None:
    if words[0] in ("-m", "-c"):
        if len(words) < 2:
            raise UsageError(f"{words[0]} needs an argument.", hint=USAGE.splitlines()[0])
        sys.path.insert(0, "")
        sys.argv = words[1:] if words[0] == "-m" else ["-c", *words[2:]]
        if words[0] == "-m":
            # lm-eval's own command is proctor's.
            runpy.run_module("proctor" if words[1] == PEER else words[1], run_name="__main__", alter_sys=True)
        else:
            exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
        return
    script = Path(words[0])
    if not script.is_file():
        raise UsageError(f"There is no script {words[0]!r}.", hint=_near(script))
    # As ``python script.py`` does: the script imports what lies beside it.
    sys.path.insert(0, str(script.resolve().parent))
    sys.argv = words
    runpy.run_path(str(script), run_name="__main__")


def _near(script: Path) -> str | None:
    names = [entry.name for entry in script.parent.glob("*.py")] if script.parent.is_dir() else []
    return did_you_mean(script.name, names)


def _unserved(error: ImportError) -> str | None:
    """What an import of lm_eval's names failed for, as a sentence with its place; None for any other import."""
    module = sys.modules.get(error.name or "")
    name = getattr(module, "__peer__", None) or error.name or ""
    if name.partition(".")[0] != PEER:
        return None
    wanted = re.match(r"cannot import name '(\w+)'", str(error))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    own = str(Path(__file__).parents[1])
    places = [frame for frame in frames if not frame.filename.startswith(own) and frame.filename[:1] != "<"]
    place = f"{places[-1].filename}:{places[-1].lineno}: " if places else ""
    if wanted is None:
        return f"{place}{error}"
    known = why_not(f"{name}.{wanted[1]}")
    if known is not None:
        return f"{place}{known}"
    close = did_you_mean(wanted[1], [known for known in dir(module) if known[:1] != "_"])
    return f"{place}proctor's '{name}' has no '{wanted[1]}'." + (f" {close}" if close else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
