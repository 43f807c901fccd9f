"""Heavy and optional packages are imported here, at their point of use.

A missing one becomes a sentence that says what to install.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from shlex import quote
from types import ModuleType

from proctor.errors import MissingExtraError
from proctor.garbage import imports_kept

SOURCE = Path(__file__).resolve().parents[2]
"""The folder of the clone that proctor is installed from; in another installation, some folder."""

TASK_PACKAGES: Mapping[str, str] = {
    "antlr4": "antlr4-python3-runtime",
    "emoji": "emoji",
    "evaluate": "evaluate",
    "fuzzywuzzy": "fuzzywuzzy",
    "immutabledict": "immutabledict",
    "jieba": "jieba",
    "jsonschema": "jsonschema",
    "langdetect": "langdetect",
    "math_verify": "math-verify",
    "nltk": "nltk",
    "pymorphy3": "pymorphy3",
    "regex": "regex",
    "requests": "requests",
    "rouge": "rouge",
    "rouge_score": "rouge-score",
    "sacrebleu": "sacrebleu",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "statsmodels": "statsmodels",
    "sympy": "sympy",
    "wonderwords": "wonderwords",
    "word2number": "word2number",
}
"""What the stock task folders import -> the package that has it, all of them in the extra ``tasks``."""


def remedy(module: str) -> str:
    """How to get a module that task code imports."""
    top = module.partition(".")[0]
    if top in TASK_PACKAGES:
        everything = f"all that lm-eval's tasks use: {install_extra('tasks')}"
        return f"Install it with: pip install '{TASK_PACKAGES[top]}'; {everything}."
    return f"Install it with: pip install {top}"


def need(module: str, *, extra: str | None = None, package: str | None = None) -> ModuleType:
    """Import ``module``, or raise :class:`MissingExtraError` naming the extra or package that brings it."""
    try:
        # What has been imported is asked for again and again, once per resample of a bootstrap: nothing is kept then.
        with nullcontext() if module in sys.modules else imports_kept():
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        top = module.partition(".")[0]
        # The package is there, and something that it imports is not: that is another sentence, with another remedy.
        if error.name is None or error.name.partition(".")[0] != top:
            raise
        command = install_extra(extra) if extra else f"pip install '{package or top}'"
        raise _missing(package or top, command) from error


def need_installed(module: str, *, extra: str) -> None:
    """As :func:`need` for what is imported later: raise where it is not there, and import nothing.

    Args:
        module: A package's top-level name.
        extra: The extra that brings it.
    """
    if module not in sys.modules and not is_installed(module):
        raise _missing(module, install_extra(extra))


def is_installed(module: str) -> bool:
    """Whether a package can be imported; a folder of its name on the way, without code, is none.

    Args:
        module: A package's top-level name.
    """
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def _missing(package: str, command: str) -> MissingExtraError:
    return MissingExtraError(
        f"The package '{package}' is needed here and is not installed.", hint=f"Install it with: {command}"
    )


def install_extra(extra: str) -> str:
    """The command that installs an extra: proctor is on no package index, so from the folder of its source."""
    if not (SOURCE / "pyproject.toml").is_file():
        return f"pip install '.[{extra}]' (in a clone of proctor's repository)"
    here = "." if Path.cwd() == SOURCE else str(SOURCE)
    return f"pip install -e {quote(f'{here}[{extra}]')}"


def load_attribute(target: str) -> object:
    """Import ``"module:attribute"``."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
