"""Modules of lm-eval as Python finds them: made from the rows of :mod:`proctor.compat.names` when they are imported.

A face is a module of this package that is served as it is, or one without code. Either way it is one object for each
name of lm-eval, and it is a :class:`FaceModule`: what the module itself has not is looked up in its row, its submodules
among them. So nothing is imported that nobody asks for: a task file that takes a function from ``lm_eval.utils`` does
not import what scripts find there.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from importlib.machinery import ModuleSpec
from operator import attrgetter
from types import ModuleType
from typing import Any

from proctor.alias import FACE, PEER, TASKS, NotServedError, import_peer
from proctor.compat.names import FACES


class FaceModule(ModuleType):
    """A module of lm-eval. It is pickled by name, so that fingerprints do not depend on its state."""

    def __getattr__(self, name: str) -> Any:
        peer = self.__dict__["__peer__"]
        if name == "__all__":
            return _public(self, peer)
        source = _names(peer).get(name)
        if source is not None:
            # Kept in the module's dictionary: __getattr__ is called once for each name, and what a script assigns
            # stays.
            self.__dict__[name] = value = attrgetter(source[1])(importlib.import_module(source[0]))
            return value
        if name[:2] == "__":
            raise AttributeError(name)
        return _below(peer, name)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *_names(self.__dict__["__peer__"])})

    def __reduce__(self) -> tuple[Any, ...]:
        return import_peer, (self.__dict__["__peer__"],)


def _public(module: ModuleType, peer: str) -> list[str]:
    """What ``import *`` takes: the names of the row, and what is defined in the module itself."""
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return sorted(name for name in {*own, *_names(peer)} if name[:1] != "_")


def _below(peer: str, name: str) -> ModuleType:
    """The module or the folder of tasks ``name`` below a module of lm-eval."""
    whole = f"{peer}.{name}"
    module = load_face(whole)
    if module is None and peer == TASKS:
        try:
            module = import_peer(whole)
        except NotServedError as error:
            raise AttributeError(f"module {peer!r} has no attribute {name!r}: {error}") from error
    if module is None:
        raise AttributeError(f"module {peer!r} has no attribute {name!r}")
    return module


_LOADED: dict[str, ModuleType] = {}


def load_face(name: str) -> ModuleType | None:
    """The module that stands for ``lm_eval...``; None where the table has no row of this name."""
    row = FACES.get(_relative(name))
    if row is None:
        return None
    if name not in _LOADED:
        own = [source for source, names in row.items() if names.split()[:1] == ["*"]]
        module = importlib.import_module(_absolute(own[0])) if own else _without_code(name)
        module.__dict__["__peer__"] = name
        # The module object itself, not a wrapper: a name that a script replaces in it is replaced for its functions,
        # too.
        module.__class__ = FaceModule
        _LOADED[name] = module
    return _LOADED[name]


def _without_code(name: str) -> ModuleType:
    module = ModuleType(name, f"``{name}``: names that are elsewhere in proctor.")
    module.__file__ = __file__
    # Without one, importlib.util.find_spec("lm_eval") of a script fails.
    module.__spec__ = ModuleSpec(name, None, origin=__file__, is_package=True)
    module.__path__ = []
    return module


def file_of_face(name: str) -> str | None:
    """The file that a face would be loaded from, without importing it; None where there is no such face."""
    row = FACES.get(_relative(name))
    if row is None:
        return None
    own = [source for source, names in row.items() if names.split()[:1] == ["*"]]
    spec = importlib.util.find_spec(_absolute(own[0])) if own else None
    return spec.origin if spec is not None else __file__


def names_elsewhere(name: str) -> frozenset[str]:
    """What a face offers beside the names of its own module; nothing is imported.

    Args:
        name: Of a module of lm-eval; one that there is no face of offers nothing.
    """
    return frozenset(_names(name)) if _relative(name) in FACES else frozenset()


def served_modules() -> list[str]:
    """Every module of lm-eval that there is a face of."""
    return sorted(f"{PEER}.{name}" if name else PEER for name in FACES)


def _relative(name: str) -> str:
    return name.removeprefix(PEER).removeprefix(".")


def _absolute(source: str) -> str:
    return f"{FACE}{source}".rstrip(".") if source[:1] == "." else source


@cache
def _names(peer: str) -> Mapping[str, tuple[str, str]]:
    """The names of a face that are elsewhere: name -> (module, its name there)."""
    names: dict[str, tuple[str, str]] = {}
    for source, listed in FACES[_relative(peer)].items():
        for theirs, _, ours in (item.partition("=") for item in listed.split() if item != "*"):
            names[theirs] = (_absolute(source), ours or theirs)
    return names
