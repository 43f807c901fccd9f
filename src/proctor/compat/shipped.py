"""Whether a class that scripts may patch is still as it was shipped.

Scripts change the classes behind the names that they give: ``HFLM._model_call = mine``, then
``simple_evaluate("hf", ...)``. proctor opens a model or a task given by name without these classes, and would not
notice. So each of them is remembered when its module is imported, attribute by attribute; where one was set, replaced
or removed since, the name is opened through the class.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from proctor.alias import FACE

_NOT_PATCHES = frozenset(("__abstractmethods__", "_abc_impl", "__dict__", "__weakref__", "__annotations_cache__"))
"""What Python itself may set or replace in a class."""

_SHIPPED: dict[type, Mapping[type, Mapping[str, Any]]] = {}


def remember(cls: type) -> None:
    """Remember how ``cls`` and those of its bases that are proctor's look now."""
    _SHIPPED[cls] = {base: _attributes(base) for base in cls.__mro__ if base.__module__.startswith(FACE)}


def is_patched(module: str, name: str) -> bool:
    """Whether the class ``name`` of ``module`` was changed since; a module that nobody imported was not."""
    cls = getattr(sys.modules.get(module), name, None)
    if cls is None:
        return False
    shipped = _SHIPPED.get(cls)
    # A class that is not the remembered one stands in its place.
    # By identity of each attribute: a function that was put back is no patch.
    return shipped is None or any(not _same(_attributes(base), before) for base, before in shipped.items())


def _attributes(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if name not in _NOT_PATCHES}


def _same(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return now.keys() == before.keys() and all(now[name] is before[name] for name in now)
