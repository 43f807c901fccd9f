"""Heavy and optional packages are imported here, at their point of use.

A missing one becomes a sentence that says what to install.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from proctor.errors import MissingExtraError


def need(module: str, *, extra: str | None = None, package: str | None = None) -> ModuleType:
    """Import ``module``, or raise :class:`MissingExtraError` naming the extra or package that brings it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        top = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != top:
            raise
        what = f"proctor[{extra}]" if extra else package or top
        raise MissingExtraError(
            f"The package '{package or top}' is needed here and is not installed.",
            hint=f"Install it with: pip install '{what}'",
        ) from error


def load_attribute(target: str) -> object:
    """Import ``"module:attribute"``."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
