"""Kinds of models that a script or a plugin added: what of their code travels to workers."""

# Ray pickles a function or a class by name where it is in a module, and a worker then imports that module: right for
# a package that is installed on all machines, and an error for a script's own file, which only this machine has. So
# the modules that define an added kind, and are not installed, travel by value. What these import in turn must be
# installed, or lie in ``working_dir``.

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from proctor.models.kinds import MODELS, ModelKind, Opener

_INSTALLED = tuple(
    Path(path).resolve()
    for key in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_paths().get(key))
)


def added_row(name: str) -> ModelKind | Opener | None:
    """What stands for a kind that was added by code; None: a worker finds it by its name.

    Args:
        name: The kind's name.
    """
    row = MODELS.get(name)
    return None if isinstance(row, ModelKind) and isinstance(row.open, str) else row


def own_modules(row: ModelKind | Opener | None) -> list[ModuleType]:
    """The modules that define a row and are not installed; that of the main script is not among them, which Ray knows.

    Args:
        row: What stands for a kind.
    """
    names = dict.fromkeys(str(getattr(code, "__module__", "")) for code in _code(row))
    found = (sys.modules.get(name) for name in names if name.partition(".")[0] not in ("proctor", "__main__"))
    return [module for module in found if module is not None and not _is_installed(module)]


def _code(row: Any) -> Iterator[Any]:
    """A row, and the functions and classes that it holds."""
    if row is None:
        return
    yield row
    if is_dataclass(row):
        yield from (value for field in fields(row) if callable(value := getattr(row, field.name)))


def _is_installed(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    if file is None:
        return True
    path = Path(file).resolve()
    return any(path.is_relative_to(folder) for folder in _INSTALLED)
