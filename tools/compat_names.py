"""The public names of lm-eval's modules, read from an installed lm-eval: ``tests/compat/goldens/names.json``.

    VENV/bin/python tools/compat_names.py tests/compat/goldens/names.json

A name belongs to the module that defines it; constants count where their module lists them in ``__all__``
or they are written in capitals. A module that cannot be imported there (a package is missing) is listed
without names. ``test_names.py`` and ``test_absent.py`` in ``tests/compat`` hold proctor to the list: each name is
served, or a sentence says why not.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

PEER = "lm_eval"
TASKS = f"{PEER}.tasks."


def modules() -> list[str]:
    """The names of lm-eval's modules, without those of its task folders."""
    package = importlib.import_module(PEER)
    names = [found.name for found in pkgutil.walk_packages(package.__path__, f"{PEER}.", onerror=lambda name: None)]
    own = ("manager", "_factory", "_index", "_yaml_loader")
    return [PEER, *(name for name in names if not name.startswith(TASKS) or name.removeprefix(TASKS) in own)]


def public(module: ModuleType) -> list[str]:
    """What a module defines and does not hide."""
    found = {name for name, value in vars(module).items() if _defined(name, value, module.__name__)}
    return sorted({name for name in (*found, *getattr(module, "__all__", ())) if name[:1] != "_"})


def _defined(name: str, value: object, module: str) -> bool:
    if inspect.isclass(value) or inspect.isfunction(value):
        return value.__module__ == module
    return name.isupper() and len(name) > 1 and name != "TYPE_CHECKING"


def main() -> None:
    """Write the list to the file that is named."""
    found: dict[str, list[str]] = {}
    for name in modules():
        try:
            found[name] = public(importlib.import_module(name))
        except Exception as error:  # noqa: BLE001 - whatever a module raises for want of a package
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            found[name] = []
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
